//! The definitions in force: the metric catalogue, the scorecard, signal rules
//! and playbooks. A default set is part of the binary; files of the same shape
//! under `definitions/` in the home folder add to it or, under a key or file
//! name already taken, replace it. So a person adds a metric without code.

use std::{fs, io, path::Path};

use domain::{
    definition::{DefinitionError, error_at},
    metric::Catalogue,
    playbook::{self, Playbook},
    renewal::Checkpoints,
    scorecard::Scorecard,
    signal::{self, Rule},
};
use lake::{
    Kind,
    expression::{Condition, ExpressionError, Expressions, Formula},
};

use crate::{
    book::ATTRIBUTES,
    lifetime::{self, LIFETIME},
    snapshot::Plan,
};

/// One definition file: where it stands and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    folder: &'static str,
    name: String,
    text: String,
}

/// Every definition in force, checked and compiled.
#[derive(Debug, Clone)]
pub struct Definitions {
    /// All metrics.
    pub catalogue: Catalogue,
    /// The scorecard that gives accounts their health.
    pub scorecard: Scorecard,
    /// The scorecard of readiness to buy more, which is not health.
    pub expansion: Scorecard,
    /// All signal rules.
    pub rules: Vec<CompiledRule>,
    /// All playbooks.
    pub playbooks: Vec<Playbook>,
    /// What segments and signals may be expressions over.
    pub expressions: Expressions,
    /// What an account is worth, and what that is learned from.
    pub lifetime: lifetime::Definition,
    /// What should have been said of a renewal, and when.
    pub checkpoints: Checkpoints,
    /// Metrics that come from lifetime value: position in the catalogue and which of its numbers.
    pub(crate) lifetime_columns: Vec<(usize, String)>,
    /// Metrics over those, as `formulas`.
    pub(crate) late: Vec<(usize, Formula)>,
    /// The queries that compute the catalogue.
    pub(crate) plan: Plan,
    /// Metrics over metrics: position in the catalogue and formula, each after its inputs.
    pub(crate) formulas: Vec<(usize, Formula)>,
}

/// A signal rule with its expressions ready to run.
#[derive(Debug, Clone)]
pub struct CompiledRule {
    /// The rule.
    pub rule: Rule,
    /// When it opens.
    pub(crate) opens: Condition,
    /// When it closes.
    pub(crate) closes: Condition,
}

/// Why the definitions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionsError {
    /// A file is wrong.
    #[error(transparent)]
    Wrong(#[from] DefinitionError),
    /// A file cannot be read.
    #[error("cannot read the definitions in {path}")]
    Unreadable {
        /// The file or folder.
        path: String,
        /// Why.
        source: io::Error,
    },
}

macro_rules! shipped {
    ($($folder:literal / $name:literal),* $(,)?) => {
        [$(($folder, $name, include_str!(concat!("../definitions/", $folder, "/", $name)))),*]
    };
}

const SHIPPED: [(&str, &str, &str); 15] = shipped![
    "metrics" / "usage.toml",
    "metrics" / "engagement.toml",
    "metrics" / "support.toml",
    "metrics" / "satisfaction.toml",
    "metrics" / "billing.toml",
    "metrics" / "revenue.toml",
    "metrics" / "outcomes.toml",
    "metrics" / "relationship.toml",
    "metrics" / "value.toml",
    "scorecards" / "default.toml",
    "expansion" / "default.toml",
    "lifetime" / "default.toml",
    "renewals" / "default.toml",
    "signals" / "churn.toml",
    "playbooks" / "detect_risk.toml",
];

impl Definitions {
    /// The definitions that ship with the binary.
    pub fn shipped() -> Result<Self, DefinitionError> {
        Self::from_files(&shipped_files())
    }

    /// The shipped definitions with those of a home folder laid over them.
    ///
    /// A file replaces the shipped file of the same folder and name; any other
    /// file adds to them. A home without a `definitions` folder changes nothing.
    pub fn load(home: &Path) -> Result<Self, DefinitionsError> {
        let mut files = shipped_files();
        for folder in ["metrics", "scorecards", "expansion", "lifetime", "renewals", "signals", "playbooks"] {
            for file in home_files(home, folder)? {
                match files.iter_mut().find(|known| known.folder == folder && known.name == file.name) {
                    Some(known) => known.text = file.text,
                    None => files.push(file),
                }
            }
        }
        Ok(Self::from_files(&files)?)
    }

    fn from_files(files: &[File]) -> Result<Self, DefinitionError> {
        let of = |folder: &'static str| files.iter().filter(move |file| file.folder == folder);
        let mut catalogue = Catalogue::default();
        for file in of("metrics") {
            catalogue.add(&file.shown(), &file.text)?;
        }
        let card = of("scorecards").next_back().ok_or_else(|| error("scorecards", "there is no scorecard: add one"))?;
        let scorecard = Scorecard::read(&card.shown(), &card.text, &catalogue)?;
        let ready = of("expansion")
            .next_back()
            .ok_or_else(|| error("expansion", "there is no readiness to buy more: add one"))?;
        let expansion = Scorecard::read(&ready.shown(), &ready.text, &catalogue)?;
        let plan = Plan::new(&catalogue).map_err(|wrong| error("metrics", &wrong.to_string()))?;
        let metrics = catalogue.metrics().iter().map(|metric| (metric.key.as_str(), Kind::Float));
        let expressions = Expressions::new(ATTRIBUTES.into_iter().chain(metrics));
        let (formulas, late) = early_and_late(&catalogue, of_metrics(&catalogue, &plan, &expressions)?);
        let lifetime_columns = lifetime_columns(&catalogue, &scorecard)?;
        let worth =
            of("lifetime").next_back().ok_or_else(|| error("lifetime", "there is no definition of value: add one"))?;
        let lifetime = lifetime::Definition::read(&worth.shown(), &worth.text, &catalogue, &expressions)?;
        let checkpoints = of("renewals").next_back();
        let checkpoints = checkpoints.map(|file| Checkpoints::read(&file.shown(), &file.text)).transpose()?;
        let (mut rules, mut playbooks) = (Vec::new(), Vec::new());
        for file in of("signals") {
            for rule in signal::read(&file.shown(), &file.text)? {
                rules.push(compile(rule, file, &expressions)?);
            }
        }
        let known: Vec<Rule> = rules.iter().map(|compiled| compiled.rule.clone()).collect();
        for file in of("playbooks") {
            playbooks.extend(playbook::read(&file.shown(), &file.text, &known)?);
        }
        Ok(Self {
            catalogue,
            scorecard,
            expansion,
            rules,
            playbooks,
            expressions,
            lifetime,
            checkpoints: checkpoints.unwrap_or_default(),
            lifetime_columns,
            late,
            plan,
            formulas,
        })
    }

    /// The rule of a key.
    pub fn rule(&self, key: &str) -> Option<&Rule> {
        self.rules.iter().map(|compiled| &compiled.rule).find(|rule| rule.key == key)
    }
}

impl File {
    fn shown(&self) -> String {
        format!("{}/{}", self.folder, self.name)
    }
}

fn error(file: &str, message: &str) -> DefinitionError {
    DefinitionError { file: file.to_owned(), line: None, column: None, message: message.to_owned() }
}

fn of_metrics(
    catalogue: &Catalogue,
    plan: &Plan,
    expressions: &Expressions,
) -> Result<Vec<(usize, Formula)>, DefinitionError> {
    let metrics = catalogue.metrics();
    let formula = |at: usize| {
        let wrong = |wrong: ExpressionError| error("metrics", &format!("metric `{}`: {wrong}", metrics[at].key));
        Ok((at, expressions.formula(&metrics[at].value).map_err(wrong)?))
    };
    plan.derived.iter().map(|&at| formula(at)).collect()
}

/// Metrics that are a number of lifetime value. That is computed from health, so no scorecard may read one.
fn lifetime_columns(catalogue: &Catalogue, scorecard: &Scorecard) -> Result<Vec<(usize, String)>, DefinitionError> {
    let mut columns = Vec::new();
    for (at, metric) in catalogue.metrics().iter().enumerate().filter(|(_, metric)| metric.relation == LIFETIME) {
        if !lifetime::OUTPUTS.contains(&metric.value.as_str()) {
            let known = lifetime::OUTPUTS.join(", ");
            let message = format!("metric `{}`: `{}` is none of {known}", metric.key, metric.value);
            return Err(error("metrics", &message));
        }
        let scored = scorecard.dimensions.iter().flat_map(|it| &it.measures).any(|measure| measure.column == at);
        if scored || scorecard.caps.iter().any(|cap| cap.column == at) {
            let message = format!("`{}` is computed from health and cannot be a part of it: leave it out", metric.key);
            return Err(error("scorecards", &message));
        }
        columns.push((at, metric.value.clone()));
    }
    Ok(columns)
}

/// Positions in the catalogue and formulas, each after its inputs.
type Formulas = Vec<(usize, Formula)>;

/// Metrics over metrics, and those of them that wait for lifetime value.
fn early_and_late(catalogue: &Catalogue, formulas: Formulas) -> (Formulas, Formulas) {
    let (mut early, mut late) = (Formulas::new(), Formulas::new());
    for (at, formula) in formulas {
        let waits = formula.columns().filter_map(|column| catalogue.position(column)).any(|input| {
            catalogue.metrics()[input].relation == LIFETIME || late.iter().any(|(known, _)| *known == input)
        });
        if waits { late.push((at, formula)) } else { early.push((at, formula)) }
    }
    (early, late)
}

fn compile(rule: Rule, file: &File, expressions: &Expressions) -> Result<CompiledRule, DefinitionError> {
    let condition = |text: &str| {
        expressions.condition(text).map_err(|wrong| {
            error_at(&file.shown(), &file.text, &rule.key, format!("signal `{}`: `{text}`: {wrong}", rule.key))
        })
    };
    let (opens, closes) = (condition(&rule.open_when)?, condition(&rule.close_when)?);
    Ok(CompiledRule { rule, opens, closes })
}

fn shipped_files() -> Vec<File> {
    SHIPPED.map(|(folder, name, text)| File { folder, name: name.to_owned(), text: text.to_owned() }).to_vec()
}

fn home_files(home: &Path, folder: &'static str) -> Result<Vec<File>, DefinitionsError> {
    let path = home.join("definitions").join(folder);
    let unreadable = |path: &Path, source| DefinitionsError::Unreadable { path: path.display().to_string(), source };
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(&path, error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(&path, error))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push(File { folder, name, text });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_definitions_hold_together() {
        let definitions = Definitions::shipped().unwrap();
        assert!(definitions.catalogue.metrics().len() >= 30);
        assert_eq!(definitions.rules.len(), 5);
        assert_eq!(definitions.scorecard.dimensions.len(), 4);
        for CompiledRule { rule, .. } in &definitions.rules {
            for metric in &rule.evidence {
                assert!(definitions.catalogue.get(metric).is_some(), "{} shows {metric}", rule.key);
            }
        }
    }

    #[test]
    fn a_home_adds_a_metric_without_code() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("definitions/metrics");
        fs::create_dir_all(&folder).unwrap();
        let metric = "[[metric]]\nkey = \"exports_7d\"\nname = \"Exports\"\ndoc = \"Exports of a week.\"\ngroup = \"usage\"\nunit = \"count\"\nbetter = \"higher\"\nrelation = \"event\"\nwindow_days = 7\nvalue = \"count(*) filter (where name = 'export_run' and age_days < 7)\"\n";
        fs::write(folder.join("own.toml"), metric).unwrap();
        let definitions = Definitions::load(home.path()).unwrap();
        assert!(definitions.catalogue.get("exports_7d").is_some());
        fs::write(folder.join("own.toml"), metric.replace("\"count\"", "\"counts\"")).unwrap();
        let error = Definitions::load(home.path()).unwrap_err().to_string();
        assert!(error.starts_with("metrics/own.toml:6:"), "{error}");
    }
}
