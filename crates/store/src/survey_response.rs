//! A survey response is one answer to an NPS, CSAT or CES question. Scores are kept as given; promoters and
//! averages are metrics.

use domain::Instant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    declare::{no_relations, text_enum},
    record::fact,
    row::until,
};

text_enum! {
    /// Which question a response answers.
    pub enum Kind {
        /// Would you recommend us?
        Nps = "nps",
        /// How satisfied are you?
        Csat = "csat",
        /// How easy was it?
        Ces = "ces",
    }
}

/// One answer to a survey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "survey_response")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The account it belongs to.
    pub account_id: i64,
    /// Who answered.
    pub contact_id: Option<i64>,
    /// Which question.
    pub kind: Kind,
    /// The answer on its own scale: NPS 0 to 10, CSAT 1 to 5, CES 1 to 7.
    pub score: i16,
    /// What they wrote.
    pub comment: Option<String>,
    /// When they answered.
    pub occurred_at: Instant,
    /// The source that brought it; `None` when a person typed it.
    pub source_id: Option<i64>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("survey_response");
until!(OccurredAt);
