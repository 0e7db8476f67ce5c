//! `/metrics` as it is needed here: the figures of one moment, by name and labels.

use std::collections::BTreeMap;

/// Figures of one moment: name with labels → value. Histograms' buckets are left out.
pub(crate) type Metrics = BTreeMap<String, f64>;

/// Reads the Prometheus text form.
pub(crate) fn read(text: &str) -> Metrics {
    text.lines()
        .filter(|line| line.starts_with("madoguchi_") && !line.contains("_bucket{"))
        .filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        })
        .collect()
}

/// The sum of a figure over all its labels.
pub(crate) fn sum(metrics: &Metrics, name: &str) -> f64 {
    metrics.iter().filter(|(key, _)| key.split('{').next() == Some(name)).map(|(_, value)| value).sum()
}

#[cfg(test)]
mod tests {
    use super::{read, sum};

    #[test]
    fn labels_are_summed_and_neighbours_are_not() {
        let text = "# HELP x\nmadoguchi_sends_total{outcome=\"sent\"} 3\nmadoguchi_sends_total{outcome=\"failed\"} 1.5\n\
            madoguchi_sends_total_more 100\nmadoguchi_lag_bucket{le=\"1\"} 7\nother 5\n";
        let metrics = read(text);
        assert_eq!(metrics.len(), 3);
        assert!((sum(&metrics, "madoguchi_sends_total") - 4.5).abs() < 1e-9);
    }
}
