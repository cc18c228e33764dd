//! A [`Playbook`] is a recipe; [`plan`] turns it and the facts of one account
//! into a [`Plan`]: an immutable list of steps, each with the idempotency key its
//! effect is carried out under. The plan leaves no choice to whoever executes
//! it, so the same plan can be previewed, stored, crashed and resumed.

use serde::{Deserialize, Serialize};

use crate::{
    Day,
    definition::{self, DefinitionError, error_at},
    signal::{Kind, Severity},
    time::days_after,
};

/// A recipe: what starts it and what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// Stable name: `detect_risk`.
    pub key: String,
    /// Name on screen.
    pub name: String,
    /// What it is for.
    pub doc: String,
    /// What starts a run.
    pub trigger: Trigger,
    /// What a run does, in order.
    pub steps: Vec<StepTemplate>,
}

/// What starts a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Rules whose signal, when it opens, starts one run.
    pub signals: Vec<String>,
}

/// One step of a recipe. A closed list: what a playbook can do is known here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum StepTemplate {
    /// Opens one CTA for the account's owner.
    OpenCta {
        /// Days from the signal until it is due, by severity.
        due_days: DueDays,
        /// What the person should do, in order. `{account}` and `{signal}` are filled in.
        tasks: Vec<String>,
    },
}

/// Days until a CTA is due, by the severity of what caused it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DueDays {
    /// For a signal of high severity.
    pub high: u32,
    /// For a signal of medium severity.
    pub medium: u32,
    /// For a signal of low severity.
    pub low: u32,
}

/// The facts a plan is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The account.
    pub account_id: i64,
    /// Its name, for titles.
    pub account: String,
    /// The member who looks after it, if anybody does.
    pub owner_id: Option<i64>,
    /// The day the signal opened.
    pub today: Day,
    /// The signal that opened.
    pub signal: Cause,
}

/// The signal that started a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The signal's id.
    pub id: i64,
    /// Its rule.
    pub rule: String,
    /// Which opening of this rule on this account it is, from 1.
    pub firing: i32,
    /// Its name on screen.
    pub name: String,
    /// Risk or opportunity.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence of evidence.
    pub evidence: String,
}

/// An immutable list of steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The playbook it was made from.
    pub playbook: String,
    /// The account it is for.
    pub account_id: i64,
    /// The same for the same firing, however often it is planned.
    pub idempotency_key: String,
    /// What to do, in order.
    pub steps: Vec<PlannedStep>,
}

/// One step with its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Position from 0.
    pub position: i32,
    /// The key its effect is carried out under, once.
    pub idempotency_key: String,
    /// What to do.
    pub action: Action,
}

/// An effect, with everything it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Opens a CTA unless one for the same account and reason is open already.
    OpenCta {
        /// Risk or opportunity.
        kind: Kind,
        /// Why: the rule's key. One open CTA per account and reason.
        reason: String,
        /// Title on screen.
        title: String,
        /// The evidence.
        detail: String,
        /// How urgent.
        priority: Severity,
        /// Who should act.
        owner_id: Option<i64>,
        /// By when.
        due_on: Day,
        /// What to do, in order.
        tasks: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    playbook: Vec<Playbook>,
}

/// Reads the playbooks of one file; a trigger must name a rule that exists.
pub fn read(file: &str, text: &str, rules: &[crate::signal::Rule]) -> Result<Vec<Playbook>, DefinitionError> {
    let playbooks = definition::read::<File>(file, text)?.playbook;
    for playbook in &playbooks {
        for key in &playbook.trigger.signals {
            if rules.iter().all(|rule| rule.key != *key) {
                let known = rules.iter().map(|rule| rule.key.as_str());
                let hint = definition::nearest(key, known)
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                let message =
                    format!("playbook `{}` waits for signal `{key}`, which does not exist{hint}", playbook.key);
                return Err(error_at(file, text, key, message));
            }
        }
    }
    Ok(playbooks)
}

/// Plans one run of `playbook` for one firing of a signal.
pub fn plan(playbook: &Playbook, facts: &Facts) -> Plan {
    let key = format!("{}/{}/{}/{}", playbook.key, facts.account_id, facts.signal.rule, facts.signal.firing);
    let steps = playbook.steps.iter().enumerate().map(|(position, template)| PlannedStep {
        position: position as i32,
        idempotency_key: format!("{key}/{position}"),
        action: resolve(template, facts),
    });
    Plan { playbook: playbook.key.clone(), account_id: facts.account_id, steps: steps.collect(), idempotency_key: key }
}

fn resolve(template: &StepTemplate, facts: &Facts) -> Action {
    match template {
        StepTemplate::OpenCta { due_days, tasks } => {
            let days = match facts.signal.severity {
                Severity::High => due_days.high,
                Severity::Medium => due_days.medium,
                Severity::Low => due_days.low,
            };
            Action::OpenCta {
                kind: facts.signal.kind,
                reason: facts.signal.rule.clone(),
                title: format!("{}: {}", facts.signal.name, facts.account),
                detail: facts.signal.evidence.clone(),
                priority: facts.signal.severity,
                owner_id: facts.owner_id,
                due_on: days_after(facts.today, u64::from(days)),
                tasks: tasks.iter().map(|task| fill(task, facts)).collect(),
            }
        }
    }
}

fn fill(text: &str, facts: &Facts) -> String {
    text.replace("{account}", &facts.account).replace("{signal}", &facts.signal.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: &str = r#"
[[playbook]]
key = "detect_risk"
name = "Detect risk"
doc = "Opens one CTA per account and reason."
trigger = { signals = ["usage_decline"] }

[[playbook.steps]]
action = "open_cta"
due_days = { high = 2, medium = 5, low = 10 }
tasks = ["Call {account}", "Write down what is behind “{signal}”"]
"#;

    fn rule() -> crate::signal::Rule {
        crate::signal::Rule {
            key: "usage_decline".to_owned(),
            name: "Usage declines".to_owned(),
            doc: "Fewer people do less.".to_owned(),
            kind: Kind::Risk,
            severity: Severity::High,
            open_when: "true".to_owned(),
            close_when: "false".to_owned(),
            evidence: vec![],
        }
    }

    fn facts(firing: i32) -> Facts {
        Facts {
            account_id: 7,
            account: "Orchard Ltd".to_owned(),
            owner_id: Some(3),
            today: Day::from_ymd_opt(2026, 1, 30).unwrap(),
            signal: Cause {
                id: 1,
                rule: "usage_decline".to_owned(),
                firing,
                name: "Usage declines".to_owned(),
                kind: Kind::Risk,
                severity: Severity::High,
                evidence: "Active users fell from 20 to 9.".to_owned(),
            },
        }
    }

    #[test]
    fn a_plan_carries_everything_the_effect_needs() {
        let playbook = &read("p.toml", BOOK, &[rule()]).unwrap()[0];
        let plan = plan(playbook, &facts(1));
        assert_eq!(plan.idempotency_key, "detect_risk/7/usage_decline/1");
        let Action::OpenCta { title, due_on, tasks, .. } = &plan.steps[0].action;
        assert_eq!(title, "Usage declines: Orchard Ltd");
        assert_eq!(*due_on, Day::from_ymd_opt(2026, 2, 1).unwrap());
        assert_eq!(tasks[1], "Write down what is behind “Usage declines”");
    }

    #[test]
    fn the_same_firing_plans_the_same_and_the_next_does_not() {
        let playbook = &read("p.toml", BOOK, &[rule()]).unwrap()[0];
        assert_eq!(plan(playbook, &facts(1)), plan(playbook, &facts(1)));
        assert_ne!(plan(playbook, &facts(1)).idempotency_key, plan(playbook, &facts(2)).idempotency_key);
    }

    #[test]
    fn a_trigger_names_a_rule_that_exists() {
        let error = read("p.toml", &BOOK.replace("\"usage_decline\"", "\"usage_declin\""), &[rule()]).unwrap_err();
        assert!(error.message.ends_with("did you mean `usage_decline`?"), "{error}");
        assert_eq!(error.line, Some(6));
    }
}
