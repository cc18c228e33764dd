//! The store: records beside their SQL, on SQLite or PostgreSQL.
//!
//! A *record* is a row with a name, one file each: its entity and the few queries only it needs. A *fact* is a record
//! with two times, when it was true and when it became known; changing one keeps the old version. The *inbox* holds
//! accepted events until the lake seals them into *parts*, whose catalogue is the DuckLake tables in this same
//! database, so that sealing is one transaction.
//!
//! Deliberately absent: a repository trait, mirrored structs, the clock and every decision. What a row means for a
//! customer is `domain`; what to do about it is `engine`. This is the only crate that names a database.

pub mod account;
pub mod account_merge;
pub mod alias;
pub mod assignment;
pub mod catalogue;
pub mod change;
pub mod contact;
pub mod contact_role;
pub mod csm_sentiment;
pub mod cta;
pub mod declare;
pub mod delivery;
pub mod end_user;
pub mod entitlement;
pub mod error;
pub mod facts;
pub mod foreign;
pub mod goal;
pub mod health_day;
pub mod idempotency;
pub mod identity;
pub mod import_run;
pub mod inbox;
pub mod introduction;
pub mod invoice;
pub mod job;
pub mod lifetime_model;
pub mod lifetime_reading;
pub mod login_link;
pub mod member;
mod migration;
pub mod milestone;
pub mod objective;
pub mod opportunity;
mod packed;
pub mod payment_attempt;
pub mod provenance;
pub mod raw_record;
pub mod record;
pub mod record_version;
pub mod refusal;
pub mod renewal;
pub mod renewal_forecast;
mod row;
pub mod run;
pub mod segment;
pub mod session;
pub mod setting;
pub mod signal;
pub mod source;
pub mod source_minute;
pub mod stakeholder_edge;
mod statement;
pub mod step;
pub mod store;
pub mod subscription;
pub mod subscription_item;
pub mod survey_response;
pub mod tap_row;
pub mod task;
pub mod ticket;
pub mod token;
pub mod touchpoint;
pub mod visible;
pub mod webhook;

pub use sea_orm::ConnectionTrait as Db;

pub use account::Model as Account;
pub use account_merge::Model as AccountMerge;
pub use assignment::Model as Assignment;
pub use change::Model as Change;
pub use contact::Model as Contact;
pub use contact_role::Model as ContactRole;
pub use csm_sentiment::Model as CsmSentiment;
pub use cta::Model as Cta;
pub use delivery::Model as Delivery;
pub use end_user::Model as EndUser;
pub use entitlement::Model as Entitlement;
pub use error::StoreError;
pub use facts::{Facts, Reading};
pub use goal::Model as Goal;
pub use health_day::Model as HealthDay;
pub use idempotency::Model as Idempotency;
pub use identity::Model as Identity;
pub use import_run::Model as ImportRun;
pub use inbox::Inbox;
pub use invoice::Model as Invoice;
pub use job::Model as Job;
pub use lifetime_model::Model as LifetimeModel;
pub use lifetime_reading::Model as LifetimeReading;
pub use login_link::Model as LoginLink;
pub use member::Model as Member;
pub use milestone::Model as Milestone;
pub use objective::Model as Objective;
pub use opportunity::Model as Opportunity;
pub use payment_attempt::Model as PaymentAttempt;
pub use provenance::Model as Provenance;
pub use raw_record::Model as RawRecord;
pub use record_version::Model as RecordVersion;
pub use refusal::Model as Refusal;
pub use renewal::Model as Renewal;
pub use renewal_forecast::Model as RenewalForecast;
pub use run::Model as Run;
pub use segment::Model as Segment;
pub use session::Model as Session;
pub use setting::Model as Setting;
pub use signal::Model as Signal;
pub use source::Model as Source;
pub use stakeholder_edge::Model as StakeholderEdge;
pub use step::Model as Step;
pub use store::{Settings, Store, Tx};
pub use subscription::Model as Subscription;
pub use subscription_item::Model as SubscriptionItem;
pub use survey_response::Model as SurveyResponse;
pub use task::Model as Task;
pub use ticket::Model as Ticket;
pub use token::Model as Token;
pub use touchpoint::Model as Touchpoint;
