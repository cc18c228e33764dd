//! An account is a customer organisation, or a site or product instance below one. Money, people and usage hang off
//! it; health, value and ownership are computed or recorded elsewhere and are deliberately absent here.

use domain::{Day, Instant};
use sea_orm::{ConnectionTrait, QuerySelect, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    declare::{no_relations, text_enum},
    record::fact,
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
    /// Accounts share one space of identities: whichever source names an account, it is the same one.
    fn known_as(_source_id: Option<i64>, external_id: &str) -> sea_orm::Condition {
        sea_orm::Condition::all().add(Column::ExternalId.eq(external_id))
    }
}

/// The account with this identity in the customer's own systems.
pub async fn find_by_external_id(db: &impl ConnectionTrait, external_id: &str) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find().filter(Column::ExternalId.eq(external_id)).one(db).await?)
}

/// Every account's outer and inner identity.
pub async fn external_ids(db: &impl ConnectionTrait) -> Result<Vec<(String, i64)>, StoreError> {
    let query = Entity::find().select_only().column(Column::ExternalId).column(Column::Id);
    Ok(query.into_tuple().all(db).await?)
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
