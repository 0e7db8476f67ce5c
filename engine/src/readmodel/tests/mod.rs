//! Read models against a journal in memory: each model by itself, every kind of stop, the writer's bound.

mod hydrate;
mod killed;
mod lists;
mod models;
mod restart;
mod script;
mod timeline;
mod writer;
