//! What the organisation has under contract: seat products (席), the contact limit that follows, the trial.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is under contract, and how much of it is in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Products {
    /// The three products, the smallest first.
    pub items: Vec<Product>,
    /// How many contacts are stored at most: the sum over all products that are owned. How many customers may write is
    /// never limited.
    pub contact_limit: u64,
    /// The trial, while one runs or after one that no contract followed.
    pub trial: Option<Trial>,
    /// Whether a trial may begin: there is none, was none, and no window was ever added.
    pub trial_possible: bool,
}

/// One product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Product {
    /// How many agents a window of it holds: 5, 30 or 100.
    pub product: u16,
    /// How many the organisation has; at most 50.
    pub owned: u16,
    /// How many are bound to a window.
    pub used: u16,
    /// How many are left for windows.
    pub free: u16,
    /// What each adds to the contact limit.
    pub contacts: u64,
}

/// `PATCH /api/v1/products`. Products that are left out stay as they were; all that are named change together.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductsPatch {
    /// The products and how many of each are owned from now on.
    pub items: Vec<ProductOwned>,
}

/// How many of a product are owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductOwned {
    /// 5, 30 or 100.
    pub product: u16,
    /// 0 to 50, never below the number in use, and never 0 of all three. In a trial only the smallest may be owned.
    pub owned: u16,
}

/// A trial: 30 days, with products of 5 places only. It ends by itself: then agents can read and no longer act, until
/// `DELETE /api/v1/trial` says that a contract follows. Nothing that customers write is lost meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trial {
    /// When it began.
    pub started_at: String,
    /// When it ends.
    pub ends_at: String,
    /// It has ended.
    pub over: bool,
}
