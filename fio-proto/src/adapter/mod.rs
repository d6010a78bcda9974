//! Adapters to other crates' traits, each behind a feature.

#[cfg(feature = "tokio-codec")]
pub mod tokio;
