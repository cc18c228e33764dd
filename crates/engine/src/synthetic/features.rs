//! The features of the work-management product that the synthetic company sells. A feature is named as its events
//! name it, and an entitlement names it the same way; which of them an account may use follows from what it bought.

use super::life::Bought;
use super::profile::Plan;

/// A feature of the product.
#[derive(Debug)]
pub(super) struct Feature {
    /// The name of its events and entitlements.
    pub(super) name: &'static str,
    /// How often it is used by somebody who uses everything.
    pub(super) popularity: f64,
    /// What one has to buy to use it.
    included: Included,
}

#[derive(Debug)]
enum Included {
    From(Plan),
    Automation,
    Platform,
}

/// Every feature, most basic first; nobody is without the first.
pub(super) const FEATURES: [Feature; 14] = [
    feature("login", 16.0, Included::From(Plan::Team)),
    feature("task_completed", 17.0, Included::From(Plan::Team)),
    feature("task_created", 14.0, Included::From(Plan::Team)),
    feature("comment_added", 13.0, Included::From(Plan::Team)),
    feature("project_opened", 12.0, Included::From(Plan::Team)),
    feature("file_attached", 6.0, Included::From(Plan::Team)),
    feature("report_viewed", 7.0, Included::From(Plan::Team)),
    feature("template_used", 3.0, Included::From(Plan::Team)),
    feature("dashboard_built", 2.5, Included::From(Plan::Business)),
    feature("export_run", 3.0, Included::From(Plan::Business)),
    feature("goal_updated", 2.5, Included::From(Plan::Enterprise)),
    feature("integration_synced", 3.5, Included::From(Plan::Enterprise)),
    feature("automation_created", 2.0, Included::Automation),
    feature("api_called", 5.0, Included::Platform),
];

const fn feature(name: &'static str, popularity: f64, included: Included) -> Feature {
    Feature { name, popularity, included }
}

/// Whether somebody who bought this may use the feature.
pub(super) fn is_entitled(bought: &Bought, feature: &Feature) -> bool {
    match feature.included {
        Included::From(plan) => bought.plan >= plan,
        Included::Automation => bought.automation,
        Included::Platform => bought.platform,
    }
}
