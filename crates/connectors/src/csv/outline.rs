//! A sheet whose numbers and dates are still open, and how the survey closes it. After
//! this step every choice is made and written into the mapping; the rows that follow
//! need no guessing.

use super::PlanError;
use super::dialect::Delimiter;
use super::encoding::Encoding;
use super::mapping::{self, Mapping, MappingError, Target, Targets};
use super::sheet::{Column, Fill, Notice, Sheet};
use super::survey::Survey;
use crate::record::date::Format;
use crate::record::number::Decimal;
use crate::record::{Builder, Convention, KEY, Object, fields};

/// A sheet whose numbers and dates are still open.
pub(super) struct Outline {
    pub(super) object: Object,
    pub(super) encoding: Encoding,
    pub(super) delimiter: Delimiter,
    pub(super) header: bool,
    pub(super) announced: bool,
    pub(super) headers: Vec<String>,
    pub(super) targets: Vec<Vec<Target>>,
    pub(super) mapping: Mapping,
    pub(super) notices: Vec<Notice>,
}

impl Outline {
    /// Closes what is open and makes the sheet.
    pub(super) fn sheet(mut self, survey: Survey) -> Result<Sheet, PlanError> {
        let decimal = self.decimal(&survey);
        let fills = self.fills(&survey, decimal)?;
        let constants = self.constants(decimal)?;
        self.require(&fills, &constants)?;
        let columns: Vec<Column> = self
            .headers
            .into_iter()
            .zip(self.targets)
            .zip(survey.columns)
            .map(|((header, targets), (evidence, ..))| {
                let numeric = evidence.is_numeric();
                Column { header, targets, samples: evidence.samples, numeric }
            })
            .collect();
        let clear = self.mapping.clear.clone().unwrap_or_else(|| "\\N".to_owned());
        let complete = Mapping {
            object: Some(self.object),
            delimiter: Some(self.delimiter),
            encoding: Some(self.encoding.name().to_owned()),
            header: Some(self.header),
            decimal,
            clear: Some(clear.clone()),
            columns: columns.iter().map(|column| (column.header.clone(), words(&column.targets))).collect(),
            ..self.mapping
        };
        Ok(Sheet {
            object: self.object,
            encoding: self.encoding,
            delimiter: self.delimiter,
            header: self.header,
            columns,
            mapping: complete,
            notices: self.notices,
            records: survey.records,
            announced: self.announced,
            fills,
            constants,
            clear,
        })
    }

    fn decimal(&mut self, survey: &Survey) -> Option<Decimal> {
        if self.mapping.decimal.is_some() {
            return self.mapping.decimal;
        }
        match survey.decimal() {
            Ok(None) => None,
            Ok(Some((decimal, (line, text)))) => {
                if decimal == Decimal::Comma {
                    let sentence = format!("numbers are read with a decimal comma, because line {line} says {text}");
                    self.notices.push(Notice { code: "decimal", column: None, sentence });
                }
                Some(decimal)
            }
            Err(sentence) => {
                self.notices.push(Notice { code: "decimal", column: None, sentence });
                None
            }
        }
    }

    /// Which column fills which field, and how it is read.
    fn fills(&mut self, survey: &Survey, decimal: Option<Decimal>) -> Result<Vec<Fill>, PlanError> {
        let mut fills = Vec::new();
        for name in self.mapping.formats.keys() {
            mapping::named(self.object, name)?;
        }
        for (column, targets) in self.targets.iter().enumerate() {
            for target in targets {
                let Target::Field(name) = target else { continue };
                let field = mapping::named(self.object, name)?;
                let evidence = &survey.columns[column].0;
                let how = Convention { decimal, date: self.mapping.formats.get(*name).cloned(), minor_units: false };
                fills.push(Fill { column, field, how });
                if !field.kind.is_date() || self.mapping.formats.contains_key(*name) {
                    continue;
                }
                let header = Some(self.headers[column].clone());
                if let Some((format, sentence)) = evidence.date_format() {
                    self.notices.push(Notice { code: "dates", column: header, sentence });
                    self.mapping.formats.insert((*name).to_owned(), format.clone());
                    if let Some(fill) = fills.last_mut() {
                        fill.how.date = Some(format);
                    }
                } else if let Some(sentence) = evidence.date_doubt() {
                    self.notices.push(Notice { code: "dates", column: header, sentence });
                }
            }
        }
        Ok(fills)
    }

    /// Constants, each tried once so that a bad one is found before the first row.
    fn constants(&self, decimal: Option<Decimal>) -> Result<Vec<(Fill, String)>, PlanError> {
        let mut constants = Vec::new();
        for (name, text) in &self.mapping.constants {
            let field = mapping::named(self.object, name)?;
            let date: Option<Format> = self.mapping.formats.get(name).cloned();
            let how = Convention { decimal, date, minor_units: false };
            let mut trial = Builder::new(self.object, chrono::DateTime::<chrono::Utc>::MAX_UTC);
            trial
                .set(field, text, &how)
                .map_err(|fault| MappingError::BadConstant { field: name.clone(), sentence: fault.sentence })?;
            constants.push((Fill { column: usize::MAX, field, how }, text.clone()));
        }
        Ok(constants)
    }

    /// Every record must be able to have its key and its required fields.
    fn require(&self, fills: &[Fill], constants: &[(Fill, String)]) -> Result<(), PlanError> {
        let has = |name: &str| {
            let constants = constants.iter().map(|(fill, _)| fill);
            fills.iter().chain(constants).any(|fill| fill.field.name == name)
        };
        let natural = self.object.natural_key();
        let key_elsewhere = self.object.derives_key() || natural.first().is_some_and(|name| has(name));
        let by_mail = self.object.mail_field().is_some_and(has);
        let anonymous = self.object == Object::Event && !has("account") && !has("user");
        let missing = fields(self.object).iter().find(|field| {
            let needed = match field.name {
                KEY => !key_elsewhere,
                "account" if anonymous => true,
                "account" if by_mail => false,
                _ => field.required,
            };
            needed && !has(field.name)
        });
        match missing {
            None => Ok(()),
            Some(field) => Err(PlanError::MissingColumn {
                field: field.name.to_owned(),
                expects: field.kind.expects(),
                headers: self.headers.join(", "),
            }),
        }
    }
}

/// Targets as a mapping writes them.
fn words(targets: &[Target]) -> Targets {
    match targets {
        [one] => Targets::One(one.word()),
        several => Targets::Several(several.iter().map(Target::word).collect()),
    }
}
