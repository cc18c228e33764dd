//! `/api/v1/sources`: where data comes from, how each is doing, and its write key.
//!
//! A write key is shown once, when it is made or rotated, and stops working the moment it is replaced. Absent: deleting a
//! source, whose facts would lose their origin; it is disabled instead.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use engine::ingest;
use serde::{Deserialize, Serialize};
use store::source::Kind;
use store::{Source, end_user, refusal, source, source_minute};
use utoipa::ToSchema;

use super::list::{List, Paging};
use super::operation::{Created, Done};
use super::wire::{present, wire, words};
use crate::auth::secret::{self, Secret};
use crate::extract::{At, Input, Params};
use crate::fact;
use crate::gate::Access;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const LONGEST_NAME: usize = 120;
const LONGEST_KEY: usize = 40;

/// The most hours of silence that can be allowed: a year.
const LONGEST_SILENCE: i32 = 8_784;

/// Users in several accounts that are listed.
const LISTED_USERS: u64 = 500;

words! {
    kind: Kind,
}

wire! {
    /// A place that data comes from.
    #[schema(as = Source)]
    pub struct SourceView from Source {
        /// Identity.
        id: i64,
        /// A stable word.
        key: String,
        /// What people call it.
        name: String,
        /// How it sends.
        #[schema(schema_with = kind)]
        kind: Kind,
        /// The first characters of its write key.
        write_key_prefix: Option<String>,
        /// Whether it is listened to.
        enabled: bool,
        /// When it was made.
        created_at: DateTime<Utc>,
        /// When it last sent anything.
        last_message_at: Option<DateTime<Utc>>,
        /// Messages taken.
        accepted: i64,
        /// Messages refused.
        refused: i64,
        /// Events whose account is not known yet.
        unattributed: i64,
        /// What went wrong last.
        last_error: Option<String>,
        /// When.
        last_error_at: Option<DateTime<Utc>>,
        /// Hours of silence after which it is missed: 0 is never, `null` what is usual for its kind.
        silent_after_hours: Option<i32>,
    }
}

wire! {
    /// A message that was not taken, and why.
    #[schema(as = Refusal)]
    pub struct RefusalView from store::Refusal {
        /// Identity.
        id: i64,
        /// From which source.
        source_id: i64,
        /// When.
        at: DateTime<Utc>,
        /// A stable word.
        code: String,
        /// What is wrong and what to do.
        message: String,
        /// The message itself, cut to 8 KiB.
        body: String,
    }
}

/// A source to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    /// A stable word of letters, digits, `_` and `-`.
    pub key: String,
    /// What people call it.
    pub name: String,
}

/// What to change; a field left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSource {
    /// What people call it.
    pub name: Option<String>,
    /// Whether it is listened to.
    pub enabled: Option<bool>,
    /// Hours of silence after which it is missed: 0 is never, `null` what is usual for its kind.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i32>)]
    pub silent_after_hours: Option<Option<i32>>,
}

/// How much a source sends now, and how late.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaceView {
    /// Messages a minute, over the last five minutes.
    pub per_minute: f64,
    /// Messages of the last hour.
    pub last_hour: i64,
    /// How long messages of the last hour were under way on average, in milliseconds; `null` where none said when it
    /// was sent.
    pub lag_ms: Option<i64>,
    /// Events that wait to be sealed.
    pub unsealed: i64,
    /// When the oldest of these came.
    pub unsealed_since: Option<DateTime<Utc>>,
}

/// A user's tie to one of several accounts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TieView {
    /// The user.
    pub user_id: i64,
    /// What the source calls them.
    pub external_id: String,
    /// The account they were grouped with.
    pub account_id: i64,
    /// Its name.
    pub account_name: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether a person has chosen it.
    pub chosen: bool,
    /// Whether the user belongs to it now.
    pub belongs: bool,
}

/// Users who were grouped with several accounts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Ties {
    /// Those without an account first; at most 500 users.
    pub items: Vec<TieView>,
}

/// Which of their accounts a user belongs to.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseAccount {
    /// The account; `null` takes the choice back.
    pub account_id: Option<i64>,
}

/// The websites whose pages may use a source's write key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Origins {
    /// Scheme, host and port, such as `https://app.example.com`; none lifts the limit.
    pub origins: Vec<String>,
}

/// A source with its new write key, which is never shown again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SourceWithKey {
    /// The source.
    pub source: SourceView,
    /// The write key; keep it now.
    pub write_key: String,
}

/// `GET /api/v1/sources`.
pub async fn list(
    State(app): State<AppState>,
    _access: Access,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<SourceView>>> {
    let after = paging.after()?.unwrap_or(0);
    let mut rows = source::all(app.engine.store().read()).await?;
    rows.sort_unstable_by_key(|source| source.id);
    Ok(Json(paging.page(rows.into_iter().filter(|source| source.id > after), |source| source.id)?))
}

/// `GET /api/v1/sources/{id}`.
pub async fn show(State(app): State<AppState>, _access: Access, At(id): At<i64>) -> Answer<Json<SourceView>> {
    Ok(Json(source::find(app.engine.store().read(), id).await?.into()))
}

/// `GET /api/v1/sources/{id}/pace`.
pub async fn pace(State(app): State<AppState>, _access: Access, At(id): At<i64>) -> Answer<Json<PaceView>> {
    let db = app.engine.store().read();
    source::find(db, id).await?;
    let pace = source_minute::paces(db, app.engine.now()).await?.remove(&id).unwrap_or_default();
    Ok(Json(PaceView {
        per_minute: pace.per_minute,
        last_hour: pace.last_hour,
        lag_ms: pace.lag.map(|lag| lag.num_milliseconds()),
        unsealed: pace.unsealed.map_or(0, |(events, _)| events),
        unsealed_since: pace.unsealed.map(|(_, oldest)| oldest),
    }))
}

/// `GET /api/v1/sources/{id}/users`.
pub async fn users(State(app): State<AppState>, _access: Access, At(id): At<i64>) -> Answer<Json<Ties>> {
    let db = app.engine.store().read();
    source::find(db, id).await?;
    let ties = end_user::torn(db, id, LISTED_USERS).await?.into_iter();
    let items = ties.map(|tie| TieView {
        user_id: tie.user_id,
        external_id: tie.external_id,
        account_id: tie.account_id,
        account_name: tie.account_name,
        since: tie.since,
        chosen: tie.chosen,
        belongs: tie.belongs,
    });
    Ok(Json(Ties { items: items.collect() }))
}

/// `PUT /api/v1/sources/{id}/users/{user}`.
pub async fn choose(
    State(app): State<AppState>,
    _access: Access,
    At((id, user)): At<(i64, i64)>,
    Input(wanted): Input<ChooseAccount>,
) -> Answer<Done> {
    belongs_to(&app, id, user, wanted.account_id).await?;
    Ok(Done)
}

/// Chooses which of their accounts a user of a source belongs to; forms and the API end here. Their events are given to
/// it by the next look of the background.
pub async fn belongs_to(app: &AppState, id: i64, user: i64, account: Option<i64>) -> Answer<()> {
    let db = app.engine.store().read();
    source::find(db, id).await?;
    let known = end_user::find(db, user).await?;
    if known.source_id != id {
        return Err(Problem::not_found());
    }
    let theirs =
        app.engine.store().write(async |tx| -> Answer<bool> { Ok(end_user::choose(tx, user, account).await?) });
    if !theirs.await? {
        return Err(Problem::invalid("account", "The user was never grouped with this account."));
    }
    for account in [known.account_id, account].into_iter().flatten() {
        app.engine.touch(account);
    }
    Ok(())
}

/// `GET /api/v1/sources/{id}/refusals`.
pub async fn refusals(
    State(app): State<AppState>,
    _access: Access,
    At(id): At<i64>,
    Params(paging): Params<Paging>,
) -> Answer<Json<List<RefusalView>>> {
    let db = app.engine.store().read();
    source::find(db, id).await?;
    let rows = refusal::of_source(db, id, paging.after()?, paging.fetch()?).await?;
    Ok(Json(paging.page(rows, |refusal| refusal.id)?))
}

/// `POST /api/v1/sources`.
pub async fn create(
    State(app): State<AppState>,
    _access: Access,
    Input(new): Input<NewSource>,
) -> Answer<Created<SourceWithKey>> {
    let (source, key) = make(&app, new).await?;
    let location = format!("/api/v1/sources/{}", source.id);
    Ok(Created { location, body: SourceWithKey { source: source.into(), write_key: key.reveal().to_owned() } })
}

/// Makes a source with a write key; forms and the API end here.
pub async fn make(app: &AppState, new: NewSource) -> Answer<(Source, Secret)> {
    let key = fact::text("key", &new.key, LONGEST_KEY)?;
    if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
        return Err(Problem::invalid("key", "A key is made of letters, digits, `_` and `-`."));
    }
    if source::by_key(app.engine.store().read(), &key).await?.is_some() {
        return Err(Problem::conflict(format!("There is already a source with the key `{key}`.")));
    }
    let secret = secret::write_key()?;
    let row = Source {
        write_key_hash: Some(ingest::hash_key(secret.reveal())),
        write_key_prefix: Some(secret.shown_prefix()),
        ..Source::new(key, fact::text("name", &new.name, LONGEST_NAME)?, Kind::Segment, app.engine.now())
    };
    let source: Source = app.engine.store().write(async |tx| source::insert(tx, row).await).await?;
    app.engine.sources_changed();
    Ok((source, secret))
}

/// `POST /api/v1/sources/{id}/rotate`.
pub async fn rotate(State(app): State<AppState>, _access: Access, At(id): At<i64>) -> Answer<Json<SourceWithKey>> {
    let (source, key) = replace_key(&app, id).await?;
    Ok(Json(SourceWithKey { source: source.into(), write_key: key.reveal().to_owned() }))
}

/// Replaces a source's write key, or gives it its first; forms and the API end here.
pub async fn replace_key(app: &AppState, id: i64) -> Answer<(Source, Secret)> {
    let secret = secret::write_key()?;
    let source = edit(app, id, |source| {
        source.write_key_hash = Some(ingest::hash_key(secret.reveal()));
        source.write_key_prefix = Some(secret.shown_prefix());
    })
    .await?;
    Ok((source, secret))
}

/// `PATCH /api/v1/sources/{id}`.
pub async fn change(
    State(app): State<AppState>,
    _access: Access,
    At(id): At<i64>,
    Input(wanted): Input<ChangeSource>,
) -> Answer<Json<SourceView>> {
    Ok(Json(alter(&app, id, wanted).await?.into()))
}

/// Renames, enables or disables a source; forms and the API end here.
pub async fn alter(app: &AppState, id: i64, wanted: ChangeSource) -> Answer<Source> {
    let name = wanted.name.map(|name| fact::text("name", &name, LONGEST_NAME)).transpose()?;
    if wanted.silent_after_hours.flatten().is_some_and(|hours| !(0..=LONGEST_SILENCE).contains(&hours)) {
        return Err(Problem::invalid(
            "silent_after_hours",
            format!("This lies between 0 and {LONGEST_SILENCE} hours."),
        ));
    }
    edit(app, id, |source| {
        source.enabled = wanted.enabled.unwrap_or(source.enabled);
        source.silent_after_hours = wanted.silent_after_hours.unwrap_or(source.silent_after_hours);
        if let Some(name) = name {
            source.name = name;
        }
    })
    .await
}

/// Changes a source in one transaction and has its key looked up anew.
async fn edit(app: &AppState, id: i64, change: impl FnOnce(&mut Source)) -> Answer<Source> {
    let source = app
        .engine
        .store()
        .write(async |tx| -> Answer<Source> {
            let mut source = source::find(tx, id).await?;
            change(&mut source);
            Ok(source::update(tx, source).await?)
        })
        .await?;
    app.engine.sources_changed();
    Ok(source)
}

/// `GET /api/v1/sources/{id}/origins`.
pub async fn origins(State(app): State<AppState>, _access: Access, At(id): At<i64>) -> Answer<Json<Origins>> {
    let db = app.engine.store().read();
    source::find(db, id).await?;
    Ok(Json(Origins { origins: ingest::origins(db, id).await? }))
}

/// `PUT /api/v1/sources/{id}/origins`.
pub async fn set_origins(
    State(app): State<AppState>,
    _access: Access,
    At(id): At<i64>,
    Input(wanted): Input<Origins>,
) -> Answer<Json<Origins>> {
    limit(&app, id, &wanted.origins).await?;
    Ok(Json(wanted))
}

/// Why a text is no origin as a browser sends it, which is compared to the letter.
fn no_origin(origin: &str) -> Option<String> {
    if origin == "*" {
        let sentence = "`*` is no website. To let every website send, leave the list empty.";
        return Some(sentence.to_owned());
    }
    if origin.contains('*') {
        return Some(format!(
            "`{origin}` stands for many websites. Write each of them, such as https://app.example.com."
        ));
    }
    let (scheme, authority) = origin.split_once("://").unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_host = !host.is_empty() && host.chars().all(|it| it.is_ascii_alphanumeric() || "-._[]:".contains(it));
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    if !matches!(scheme, "http" | "https") || !is_host || !is_port {
        return Some(format!("`{origin}` is not an origin like https://app.example.com, without a path."));
    }
    let usual = matches!((scheme, port), ("http", Some("80")) | ("https", Some("443")));
    usual.then(|| format!("`{origin}` names the usual port, which browsers leave out: write {scheme}://{host}."))
}

/// Limits a source's write key to websites; forms and the API end here.
pub async fn limit(app: &AppState, id: i64, origins: &[String]) -> Answer<()> {
    if let Some(sentence) = origins.iter().find_map(|origin| no_origin(origin)) {
        return Err(Problem::invalid("origins", sentence));
    }
    app.engine
        .store()
        .write(async |tx| -> Answer<()> {
            source::find(tx, id).await?;
            Ok(ingest::set_origins(tx, id, origins).await?)
        })
        .await?;
    app.engine.sources_changed();
    Ok(())
}
