//! The CDNOW logs, reduced by the papers' conventions: weeks, one purchase a day, calibration to 1997-09-30.

use std::collections::BTreeMap;

use stats::purchase::{History, Purchases, TimeUnit, summarise};

use crate::reference::text;

/// Days of 1997-98 counted from 1996-12-31, so that 1997-09-30 is 273.
fn day_number(date: &str) -> i32 {
    let (year, month, day): (i32, usize, i32) =
        (date[..4].parse().unwrap(), date[4..6].parse().unwrap(), date[6..].parse().unwrap());
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    (year - 1997) * 365 + before[month - 1] + day
}

/// End of the 39 weeks of calibration.
pub(crate) const WEEK_39: i32 = 273;
/// End of the log, 78 weeks.
pub(crate) const WEEK_78: i32 = 365 + 181;

/// Every customer's purchases as `(day, dollars)`.
pub(crate) fn log(sample: bool) -> Option<Vec<Vec<(i32, f64)>>> {
    let text = text(if sample { "cdnow/CDNOW_sample.txt" } else { "cdnow/CDNOW_master.txt" })?;
    let mut customers: BTreeMap<&str, Vec<(i32, f64)>> = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let at = fields.len().wrapping_sub(3);
        if let Some(date) = fields.get(at).filter(|d| d.len() == 8 && d.starts_with("199")) {
            let amount = fields[at + 2].parse().unwrap();
            customers.entry(fields[0]).or_default().push((day_number(date), amount));
        }
    }
    Some(customers.into_values().collect())
}

/// The log summarised at the end of a calibration period.
pub(crate) fn purchases(sample: bool, end: i32, unit: TimeUnit) -> Option<Vec<Purchases>> {
    let log = log(sample)?;
    Some(log.iter().map(|days| summarise(days, end, unit).unwrap().unwrap()).collect())
}

pub(crate) fn histories(purchases: &[Purchases]) -> Vec<History> {
    purchases.iter().map(|p| p.history).collect()
}
