//! The systems the synthetic company's data claims to come from, with their record ids. What the product's events add
//! up to is deliberately absent here: whoever loads them counts them.

use store::source::{Kind, Model as Source};

use super::calendar::{Window, add_months, at};

/// The product itself, which sends events.
pub(super) const PRODUCT: i64 = 1;
/// The customer relationship system: accounts, contacts, contracts.
pub(super) const CRM: i64 = 2;
/// Invoices and payments.
pub(super) const BILLING: i64 = 3;
/// Tickets.
pub(super) const HELPDESK: i64 = 4;
/// Survey responses.
pub(super) const SURVEYS: i64 = 5;

const NAMES: [(i64, &str, &str); 5] = [
    (PRODUCT, "product", "Product events"),
    (CRM, "crm", "Customer relationship system"),
    (BILLING, "billing", "Billing"),
    (HELPDESK, "helpdesk", "Help desk"),
    (SURVEYS, "surveys", "Surveys"),
];

/// The sources, having sent nothing yet.
pub(super) fn all(window: &Window) -> Vec<Source> {
    let created_at = at(add_months(window.start, -3), 9 * 3600);
    let source =
        |(id, key, name): (i64, &str, &str)| Source { id, ..Source::new(key, name, Kind::Synthetic, created_at) };
    NAMES.into_iter().map(source).collect()
}
