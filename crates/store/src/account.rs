//! An account is a customer organisation, or a site or product instance below one. Money, people and usage hang off
//! it; health, value and ownership are computed or recorded elsewhere and are deliberately absent here.

use std::collections::HashMap;

use domain::{Day, Instant};
use sea_orm::{ConnectionTrait, QuerySelect, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Tx, account_merge,
    declare::{no_relations, text_enum},
    identity,
    record::fact,
    statement::{MAX_VALUES, statement},
};

text_enum! {
    /// What an account stands for.
    pub enum Kind {
        /// A paying or prospective organisation.
        Customer = "customer",
        /// A location of a customer.
        Site = "site",
        /// A workspace, tenant or instance of the product.
        ProductInstance = "product_instance",
    }
}

text_enum! {
    /// Where an account stands commercially.
    pub enum Status {
        /// Pays.
        Active = "active",
        /// Paid once and no longer does.
        Churned = "churned",
        /// Has not paid yet.
        Prospect = "prospect",
    }
}

text_enum! {
    /// The position of an account in its journey.
    pub enum Stage {
        /// Not live yet.
        Onboarding = "onboarding",
        /// Live and learning.
        Adoption = "adoption",
        /// Growing use.
        Expansion = "expansion",
        /// Deciding about the next term.
        Renewal = "renewal",
    }
}

/// A customer organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    /// Identity; 0 before the first insert.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The identity in the customer's own systems; unique.
    #[sea_orm(unique)]
    pub external_id: String,
    /// The name people use.
    pub name: String,
    /// Mail and web domain, lower case, for attribution.
    pub domain: Option<String>,
    /// The organisation above it.
    pub parent_id: Option<i64>,
    /// What the account stands for.
    pub kind: Kind,
    /// Whether it pays, paid, or may pay.
    pub status: Status,
    /// How closely it is served: strategic, growth, digital or a word of the installation.
    pub tier: Option<String>,
    /// Trade, as imported.
    pub industry: Option<String>,
    /// Region, as imported.
    pub region: Option<String>,
    /// Position in the journey.
    pub stage: Option<Stage>,
    /// ISO 4217 code its money is in.
    pub currency: String,
    /// Head count, as imported.
    pub employees: Option<i64>,
    /// First day as a customer.
    pub customer_from: Option<Day>,
    /// First day no longer a customer.
    pub customer_to: Option<Day>,
    /// Custom fields: a flat object of text, numbers and booleans.
    pub traits: Json,
    /// The source that brought it; `None` when a person typed it.
    pub source_id: Option<i64>,
    /// When this version became known.
    pub recorded_at: Instant,
}

no_relations!();
fact!("account", account = id(Id));

impl crate::record::Imported for Model {
    const EXTERNAL: Column = Column::ExternalId;

    /// The identity in the customer's own systems belongs to no source; what sources call it besides is `identity`.
    fn named_by(_source_id: Option<i64>) -> Option<sea_orm::Condition> {
        None
    }

    fn external_id(&self) -> Option<&str> {
        Some(&self.external_id)
    }
}

/// The account with this identity in the customer's own systems.
pub async fn find_by_external_id(db: &impl ConnectionTrait, external_id: &str) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find().filter(Column::ExternalId.eq(external_id)).one(db).await?)
}

/// Every account's outer and inner identity. Names that hold for every source, as after a merge, come first, so that
/// an account's own id wins over them.
pub async fn external_ids(db: &impl ConnectionTrait) -> Result<Vec<(String, i64)>, StoreError> {
    let names = identity::all(db, "account").await?.into_iter().filter(|name| name.source_id.is_none());
    let mut ids: Vec<(String, i64)> = names.map(|name| (name.external_id, name.record_id)).collect();
    let query = Entity::find().select_only().column(Column::ExternalId).column(Column::Id);
    ids.append(&mut query.into_tuple().all(db).await?);
    Ok(ids)
}

/// Deletes what was computed about an account: its health by day, its signals and runs, the changes that tell of them.
/// Fails with [`StoreError::Conflict`] where somebody works on one of these.
pub(crate) async fn forget_derived(tx: &Tx, id: i64) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM step WHERE run_id IN (SELECT id FROM run WHERE account_id = $1)",
        "DELETE FROM run WHERE account_id = $1",
        "DELETE FROM signal WHERE account_id = $1",
        "DELETE FROM health_day WHERE account_id = $1",
        "DELETE FROM change WHERE account_id = $1",
    ] {
        tx.execute_raw(statement(tx, sql, [id.into()])).await?;
    }
    Ok(())
}

/// The accounts with these web domains, by domain; those that were merged count once.
pub async fn of_domains(
    db: &impl ConnectionTrait,
    domains: &[String],
) -> Result<HashMap<String, Vec<i64>>, StoreError> {
    let mut accounts: HashMap<String, Vec<i64>> = HashMap::new();
    let merged = account_merge::standing(db, None).await?;
    for domains in domains.chunks(MAX_VALUES) {
        let query = Entity::find().select_only().column(Column::Domain).column(Column::Id);
        let query = query.filter(Column::Domain.is_in(domains.iter().map(String::as_str)));
        let rows: Vec<(String, i64)> = query.into_tuple().all(db).await?;
        for (domain, id) in rows {
            let (shown, known) = (merged.of(id), accounts.entry(domain).or_default());
            if !known.contains(&shown) {
                known.push(shown);
            }
        }
    }
    Ok(accounts)
}

/// The ids of the accounts with these external ids, as far as there are any.
pub async fn known(db: &impl ConnectionTrait, external_ids: &[&str]) -> Result<Vec<(String, i64)>, StoreError> {
    let mut known = Vec::new();
    for some in external_ids.chunks(crate::statement::MAX_VALUES) {
        let query = Entity::find().select_only().column(Column::ExternalId).column(Column::Id);
        known.extend(query.filter(Column::ExternalId.is_in(some.iter().copied())).into_tuple().all(db).await?);
    }
    Ok(known)
}
