//! The program as its users meet it: started from the command line, spoken to over HTTP, stopped by a signal.
//!
//! One file a fear; [`server`] starts the program on a free port of the loopback address with a store of its own.

mod accounts;
mod audit;
mod bulk;
mod hooks;
mod hours;
mod life;
mod live;
mod login;
mod operator;
mod outbound;
mod overload;
mod people;
mod rights;
mod secrecy;
mod server;
mod spine;
