//! The lines of the table. Columns: method, path, action, rate class, body, protection from other websites, handler,
//! and for the API what the operation does.
//!
//! To add a page or an operation, add its line here and its rows to `tests/matrix.txt`. Absent: a line without an action.

use axum::http::Method;
use axum::routing::{MethodFilter, on};
use domain::access::Action;

use super::{Csrf, Operation, Rate, Route, Rule, Take};
use crate::api::operation::sketch;
use crate::auth::sign_in;
use crate::{api, assets, ingest, live, pages, palette, probe};

macro_rules! routes {
    ($($method:ident $path:literal $action:ident $rate:ident $take:ident $csrf:ident $handler:path $(=> $summary:literal)?;)+) => {
        &[$(Route {
            method: &Method::$method,
            path: $path,
            rule: Rule { action: Action::$action, rate: Rate::$rate, take: Take::$take, csrf: Csrf::$csrf },
            operation: routes!(@operation $handler $(, $summary)?),
            mount: || on(MethodFilter::$method, $handler),
        }),+]
    };
    (@operation $handler:path) => { None };
    (@operation $handler:path, $summary:literal) => {
        Some(Operation { summary: $summary, sketch: |into| sketch($handler, into) })
    };
}

/// Every part of the table.
pub(super) static ALL: [&[Route]; 6] = [OPEN, PAGES, API, LIBRARIES, RECORDS, INTAKE];

/// For browsers and supervisors, signed in or not.
const OPEN: &[Route] = routes! {
    GET     "/static/{*path}"                           ReadPublic     Free    Nothing Safe        assets::file;
    GET     "/favicon.ico"                              ReadPublic     Free    Nothing Safe        assets::favicon;
    GET     "/healthz"                                  ReadPublic     Free    Nothing Safe        probe::alive;
    GET     "/readyz"                                   ReadPublic     Page    Nothing Safe        probe::ready;
    GET     "/metrics"                                  ReadMetrics    Page    Nothing Safe        probe::figures;
    GET     "/login"                                    ReadPublic     Page    Nothing Safe        sign_in::form;
    POST    "/login"                                    SignIn         SignIn  Form    SameOrigin  sign_in::submit;
    GET     "/login/{secret}"                           SignIn         SignIn  Nothing Safe        sign_in::follow;
    POST    "/login/{secret}"                           SignIn         SignIn  Form    SameOrigin  sign_in::follow_confirmed;
    GET     "/setup/{secret}"                           SignIn         SignIn  Nothing Safe        sign_in::set_up_form;
    POST    "/setup/{secret}"                           SignIn         SignIn  Form    SameOrigin  sign_in::set_up;
    POST    "/logout"                                   SignIn         Page    Form    SameOrigin  sign_in::leave;
    GET     "/live"                                     ReadAccounts   Page    Nothing Safe        live::stream;
    GET     "/palette"                                  ReadAccounts   Page    Nothing Safe        palette::find;
    GET     "/api"                                      ReadPublic     Page    Nothing Safe        api::reference::page;
    GET     "/api/openapi.json"                         ReadPublic     Page    Nothing Safe        api::document::json;
};

/// For signed-in members.
const PAGES: &[Route] = routes! {
    GET     "/"                                         ReadAccounts   Page    Nothing Safe        pages::home::show;
    GET     "/accounts"                                 ReadAccounts   Page    Nothing Safe        pages::portfolio::show;
    GET     "/accounts.csv"                             Export         Heavy   Nothing Safe        pages::portfolio::export;
    POST    "/segments"                                 WriteSegments  Page    Form    SameOrigin  pages::portfolio::save_segment;
    GET     "/accounts/{id}"                            ReadAccounts   Page    Nothing Safe        pages::account::show;
    GET     "/accounts/{id}/metrics/{key}"              ReadAccounts   Page    Nothing Safe        pages::account::explain::show;
    POST    "/accounts/{id}/fields"                     WriteAccounts  Page    Form    SameOrigin  pages::account::fields::set;
    POST    "/accounts/{id}/fields/release"             WriteAccounts  Page    Form    SameOrigin  pages::account::fields::release;
    GET     "/accounts/{id}/contacts/{contact}"         ReadAccounts   Page    Nothing Safe        pages::account::contact::show;
    POST    "/accounts/{id}/contacts/{contact}/fields"  WriteAccounts  Page    Form    SameOrigin  pages::account::contact::set;
    POST    "/accounts/{id}/contacts/{contact}/roles"   WriteAccounts  Page    Form    SameOrigin  pages::account::contact::set_roles;
    POST    "/accounts/{id}/contacts/{contact}/fields/release" WriteAccounts Page Form SameOrigin  pages::account::contact::release;
    POST    "/accounts/{id}/sentiment"                  WriteAccounts  Page    Form    SameOrigin  pages::account::set_sentiment;
    POST    "/accounts/{id}/touchpoints"                WriteAccounts  Page    Form    SameOrigin  pages::account::work::log_touchpoint;
    GET     "/merges"                                   MergeAccounts  Page    Nothing Safe        pages::merges::show;
    POST    "/merges"                                   MergeAccounts  Heavy   Form    SameOrigin  pages::merges::create;
    POST    "/merges/{id}/undo"                         MergeAccounts  Heavy   Form    SameOrigin  pages::merges::undo;
    GET     "/ctas"                                     ReadAccounts   Page    Nothing Safe        pages::ctas::list::show;
    POST    "/ctas"                                     WorkCtas       Page    Form    SameOrigin  pages::ctas::new::create;
    GET     "/ctas/new"                                 WorkCtas       Page    Nothing Safe        pages::ctas::new::form;
    GET     "/ctas/{id}"                                ReadAccounts   Page    Nothing Safe        pages::ctas::one::show;
    POST    "/ctas/{id}"                                WorkCtas       Page    Form    SameOrigin  pages::ctas::act::change;
    POST    "/ctas/{id}/move"                           WorkCtas       Page    Form    SameOrigin  pages::ctas::act::move_to;
    POST    "/ctas/{id}/snooze"                         WorkCtas       Page    Form    SameOrigin  pages::ctas::act::snooze;
    POST    "/ctas/{id}/close"                          WorkCtas       Page    Form    SameOrigin  pages::ctas::act::close;
    POST    "/ctas/{id}/tasks/{task}"                   WorkCtas       Page    Form    SameOrigin  pages::ctas::act::tick;
    GET     "/definitions"                              ReadAccounts   Page    Nothing Safe        pages::definitions::show;
    GET     "/executive"                                ReadAccounts   Page    Nothing Safe        pages::executive::show;
    GET     "/goals"                                    ReadAccounts   Page    Nothing Safe        pages::goals::show;
    POST    "/goals"                                    WriteGoals     Page    Form    SameOrigin  pages::goals::create;
    GET     "/goals/new"                                WriteGoals     Page    Nothing Safe        pages::goals::new;
    GET     "/goals/rows"                               Export         Heavy   Nothing Safe        pages::goals::export;
    GET     "/goals/{id}"                               ReadAccounts   Page    Nothing Safe        pages::goals::one;
    POST    "/goals/{id}"                               WriteGoals     Page    Form    SameOrigin  pages::goals::change;
    POST    "/goals/{id}/delete"                        WriteGoals     Page    Form    SameOrigin  pages::goals::delete;
    GET     "/lifetime"                                 ReadAccounts   Page    Nothing Safe        pages::lifetime::show;
    GET     "/readiness"                                ReadSources    Page    Nothing Safe        pages::readiness::show;
    GET     "/expansion"                                ReadAccounts   Page    Nothing Safe        pages::expansion::show;
    POST    "/expansion"                                WriteAccounts  Page    Form    SameOrigin  pages::expansion::one::create;
    GET     "/expansion/new"                            WriteAccounts  Page    Nothing Safe        pages::expansion::one::new;
    GET     "/expansion/{id}"                           ReadAccounts   Page    Nothing Safe        pages::expansion::one::show;
    POST    "/expansion/{id}"                           WriteAccounts  Page    Form    SameOrigin  pages::expansion::one::change;
    GET     "/forecast"                                 ReadAccounts   Page    Nothing Safe        pages::forecast::show;
    GET     "/forecast/rows/{key}"                      Export         Heavy   Nothing Safe        pages::forecast::figure::export;
    GET     "/forecast/figures/{key}"                   ReadAccounts   Page    Nothing Safe        pages::forecast::figure::show;
    GET     "/renewals"                                 ReadAccounts   Page    Nothing Safe        pages::renewals::show;
    GET     "/renewals/rows"                            Export         Heavy   Nothing Safe        pages::renewals::export;
    GET     "/renewals/{subscription}/{due}"                    ReadAccounts   Page    Nothing Safe        pages::renewals::one::show;
    POST    "/renewals/{subscription}/{due}"                    WriteAccounts  Page    Form    SameOrigin  pages::renewals::one::save;
    GET     "/revenue"                                  ReadAccounts   Page    Nothing Safe        pages::revenue::show;
    GET     "/revenue/figures/{key}"                    ReadAccounts   Page    Nothing Safe        pages::revenue::figure::show;
    GET     "/revenue/rates"                            ReadAccounts   Page    Nothing Safe        pages::revenue::rates::show;
    POST    "/revenue/rates"                            ManageSources  Page    Form    SameOrigin  pages::revenue::rates::add;
    POST    "/revenue/conventions"                      ManageSources  Page    Form    SameOrigin  pages::revenue::rates::set;
    GET     "/revenue/rows/{key}"                       Export         Heavy   Nothing Safe        pages::revenue::figure::export;
    GET     "/sources"                                  ReadSources    Page    Nothing Safe        pages::sources::show;
    POST    "/sources"                                  ManageSources  Page    Form    SameOrigin  pages::sources::create;
    GET     "/sources/import"                           Import         Page    Nothing Safe        pages::sources::import_form;
    POST    "/sources/import"                           Import         Heavy   File    SameOrigin  pages::sources::import;
    POST    "/sources/import/failed.csv"                Import         Heavy   File    SameOrigin  pages::sources::failed;
    GET     "/sources/sql"                              ManageSources  Page    Nothing Safe        pages::sources::sql::form;
    POST    "/sources/sql"                              ManageSources  Page    Form    SameOrigin  pages::sources::sql::create;
    GET     "/sources/{id}/sql"                         ManageSources  Page    Nothing Safe        pages::sources::sql::edit;
    POST    "/sources/{id}/sql"                         ManageSources  Heavy   Form    SameOrigin  pages::sources::sql::change;
    POST    "/sources/{id}/read"                        ManageSources  Heavy   Form    SameOrigin  pages::sources::sql::read;
    GET     "/sources/imports"                          Import         Page    Nothing Safe        pages::sources::imports::show;
    POST    "/sources/imports/{id}/undo"                Import         Heavy   Form    SameOrigin  pages::sources::imports::undo;
    POST    "/sources/imports/{id}/stop"                Import         Page    Form    SameOrigin  pages::sources::imports::stop;
    GET     "/sources/imports/{id}/failed.csv"          Import         Page    Nothing Safe        pages::sources::imports::failed;
    GET     "/sources/{id}"                             ReadSources    Page    Nothing Safe        pages::sources::one;
    POST    "/sources/{id}"                             ManageSources  Page    Form    SameOrigin  pages::sources::change;
    GET     "/sources/{id}/mapping"                     ReadSources    Page    Nothing Safe        pages::sources::mapping::show;
    POST    "/sources/{id}/mapping"                     ManageSources  Heavy   Form    SameOrigin  pages::sources::mapping::change;
    GET     "/sources/{id}/webhook"                     ManageSources  Page    Nothing Safe        pages::sources::webhook::show;
    POST    "/sources/{id}/webhook"                     ManageSources  Page    Form    SameOrigin  pages::sources::webhook::set_up;
    POST    "/sources/{id}/origins"                     ManageSources  Page    Form    SameOrigin  pages::sources::origins::set;
    POST    "/sources/{id}/rotate"                      ManageSources  Page    Form    SameOrigin  pages::sources::rotate;
    POST    "/sources/{id}/users/{user}"                ManageSources  Page    Form    SameOrigin  pages::sources::choose;
    POST    "/sources/{id}/aliases/{alias}/undo"        ManageSources  Page    Form    SameOrigin  pages::sources::aliases::undo;
    POST    "/sources/{id}/deliveries/{delivery}/replay" ManageSources Page   Form    SameOrigin  pages::sources::replay;
    GET     "/settings"                                 ManageSelf     Page    Nothing Safe        pages::settings::show;
    POST    "/settings/password"                        ManageSelf     SignIn  Form    SameOrigin  pages::settings::set_password;
    POST    "/settings/sessions"                        ManageSelf     Page    Form    SameOrigin  pages::settings::end_session;
    POST    "/settings/tokens"                          ManageSelf     Page    Form    SameOrigin  pages::settings::create_token;
    POST    "/settings/tokens/{id}/withdraw"            ManageSelf     Page    Form    SameOrigin  pages::settings::withdraw_token;
    POST    "/settings/members"                         ManageMembers  Page    Form    SameOrigin  pages::settings::add_member;
    POST    "/settings/members/{id}"                    ManageMembers  Page    Form    SameOrigin  pages::settings::change_member;
    POST    "/settings/members/{id}/link"               ManageMembers  Page    Form    SameOrigin  pages::settings::link_member;
    POST    "/settings/members/{id}/tokens/{token}/withdraw" ManageMembers Page Form   SameOrigin  pages::settings::withdraw_token_of_member;
};

/// The JSON API.
const API: &[Route] = routes! {
    GET     "/api/v1/me"                                ReadAccounts   Api     Nothing Safe        api::me::show                 => "Say who is asking";
    PUT     "/api/v1/me/password"                       ManageSelf     SignIn  Form    SameOrigin  api::me::set_password         => "Set one's own password";
    GET     "/api/v1/accounts"                          ReadAccounts   Api     Nothing Safe        api::account::list            => "List accounts";
    GET     "/api/v1/accounts/{id}"                     ReadAccounts   Api     Nothing Safe        api::account::show            => "Show an account";
    PATCH   "/api/v1/accounts/{id}"                     WriteAccounts  Api     Json    SameOrigin  api::account::change          => "Change an account's stage or tier";
    GET     "/api/v1/accounts/{id}/health"              ReadAccounts   Api     Nothing Safe        api::health::show             => "Explain an account's health";
    GET     "/api/v1/accounts/{id}/metrics"             ReadAccounts   Api     Nothing Safe        api::account::metrics         => "Show every metric of an account";
    GET     "/api/v1/accounts/{id}/metrics/{key}"       ReadAccounts   Heavy   Nothing Safe        api::health::metric           => "Explain a metric of an account down to its rows";
    GET     "/api/v1/accounts/{id}/timeline"            ReadAccounts   Api     Nothing Safe        api::timeline::list           => "List what happened with an account";
    GET     "/api/v1/accounts/{id}/contacts"            ReadAccounts   Api     Nothing Safe        api::contact::list            => "List the people at an account";
    GET     "/api/v1/accounts/{id}/subscriptions"       ReadAccounts   Api     Nothing Safe        api::subscription::list       => "List an account's contracts";
    GET     "/api/v1/accounts/{id}/tickets"             ReadAccounts   Api     Nothing Safe        api::ticket::list             => "List an account's support cases";
    GET     "/api/v1/accounts/{id}/invoices"            ReadAccounts   Api     Nothing Safe        api::invoice::list            => "List an account's invoices";
    GET     "/api/v1/accounts/{id}/touchpoints"         ReadAccounts   Api     Nothing Safe        api::touchpoint::list         => "List what we did with an account";
    POST    "/api/v1/accounts/{id}/touchpoints"         WriteAccounts  Api     Json    SameOrigin  api::touchpoint::create       => "Log a touchpoint";
    GET     "/api/v1/accounts/{id}/responses"           ReadAccounts   Api     Nothing Safe        api::response::list           => "List an account's answers to surveys";
    POST    "/api/v1/accounts/{id}/responses"           WriteAccounts  Api     Json    SameOrigin  api::response::create         => "Record an answer to a survey";
    GET     "/api/v1/accounts/{id}/sentiments"          ReadAccounts   Api     Nothing Safe        api::sentiment::list          => "List judgements of an account";
    POST    "/api/v1/accounts/{id}/sentiments"          WriteAccounts  Api     Json    SameOrigin  api::sentiment::create        => "Record a judgement of an account";
    POST    "/api/v1/accounts/{id}/merge"               MergeAccounts  Heavy   Json    SameOrigin  api::merge::create            => "Merge an account into another one";
    GET     "/api/v1/merges"                            MergeAccounts  Api     Nothing Safe        api::merge::list              => "List merges of accounts";
    POST    "/api/v1/merges/{id}/undo"                  MergeAccounts  Heavy   Nothing SameOrigin  api::merge::undo              => "Undo a merge";
    GET     "/api/v1/signals"                           ReadAccounts   Api     Nothing Safe        api::signal::list             => "List open signals";
    GET     "/api/v1/ctas"                              ReadAccounts   Api     Nothing Safe        api::cta::list                => "List CTAs";
    POST    "/api/v1/ctas"                              WorkCtas       Api     Json    SameOrigin  api::cta::create              => "Open a CTA";
    GET     "/api/v1/ctas/{id}"                         ReadAccounts   Api     Nothing Safe        api::cta::show                => "Show a CTA with its tasks";
    PATCH   "/api/v1/ctas/{id}"                         WorkCtas       Api     Json    SameOrigin  api::cta::change              => "Work a CTA";
    PUT     "/api/v1/ctas/{id}/tasks/{task}"            WorkCtas       Api     Json    SameOrigin  api::cta::tick                => "Tick a task off";
    GET     "/api/v1/goals"                             ReadAccounts   Heavy   Nothing Safe        api::goal::list               => "List goals and how they stand";
    POST    "/api/v1/goals"                             WriteGoals     Api     Json    SameOrigin  api::goal::create             => "Set a goal";
    GET     "/api/v1/goals/presets"                     ReadAccounts   Api     Nothing Safe        api::goal::presets            => "List goals to start from";
    GET     "/api/v1/goals/{id}"                        ReadAccounts   Api     Nothing Safe        api::goal::show               => "Show a goal and how it stands";
    PATCH   "/api/v1/goals/{id}"                        WriteGoals     Api     Json    SameOrigin  api::goal::change             => "Change a goal";
    DELETE  "/api/v1/goals/{id}"                        WriteGoals     Api     Nothing SameOrigin  api::goal::remove             => "Delete a goal";
    GET     "/api/v1/metrics"                           ReadAccounts   Api     Nothing Safe        api::metric::list             => "List the metric catalogue";
    GET     "/api/v1/snapshot"                          ReadAccounts   Api     Nothing Safe        api::snapshot::list           => "List snapshot rows";
    GET     "/api/v1/expansion"                         ReadAccounts   Api     Nothing Safe        api::opportunity::ready       => "List who is ready to buy more, and what";
    GET     "/api/v1/opportunities"                     ReadAccounts   Api     Nothing Safe        api::opportunity::list        => "List opportunities";
    POST    "/api/v1/opportunities"                     WriteAccounts  Api     Json    SameOrigin  api::opportunity::create      => "Record an opportunity";
    GET     "/api/v1/opportunities/{id}"                ReadAccounts   Api     Nothing Safe        api::opportunity::show        => "Show an opportunity";
    PATCH   "/api/v1/opportunities/{id}"                WriteAccounts  Api     Json    SameOrigin  api::opportunity::change      => "Move or change an opportunity";
    GET     "/api/v1/forecast"                          ReadAccounts   Heavy   Nothing Safe        api::forecast::show           => "Forecast revenue by quarter";
    GET     "/api/v1/revenue"                           ReadAccounts   Heavy   Nothing Safe        api::revenue::show            => "Report revenue by month";
    GET     "/api/v1/renewals"                          ReadAccounts   Api     Nothing Safe        api::renewal::list            => "List renewals";
    GET     "/api/v1/renewals/accuracy"                 ReadAccounts   Api     Nothing Safe        api::renewal::accuracy        => "Say how good forecasts of renewals were";
    GET     "/api/v1/renewals/{subscription}/{due}"     ReadAccounts   Api     Nothing Safe        api::renewal::show            => "Show a renewal";
    PUT     "/api/v1/renewals/{subscription}/{due}"     WriteAccounts  Api     Json    SameOrigin  api::renewal::change          => "Say how far a renewal is and what will come of it";
    GET     "/api/v1/revenue/conventions"               ReadAccounts   Api     Nothing Safe        api::exchange_rate::conventions => "Say in which currency revenue is read";
    PUT     "/api/v1/revenue/conventions"               ManageSources  Api     Json    SameOrigin  api::exchange_rate::set_conventions => "Set in which currency revenue is read";
    GET     "/api/v1/exchange-rates"                    ReadAccounts   Api     Nothing Safe        api::exchange_rate::list      => "List exchange rates";
    POST    "/api/v1/exchange-rates"                    ManageSources  Api     Json    SameOrigin  api::exchange_rate::create    => "Add, correct or take back an exchange rate";
    GET     "/api/v1/segments"                          ReadAccounts   Api     Nothing Safe        api::segment::list            => "List segments";
    POST    "/api/v1/segments"                          WriteSegments  Api     Json    SameOrigin  api::segment::create          => "Save a segment";
    GET     "/api/v1/segments/{id}"                     ReadAccounts   Api     Nothing Safe        api::segment::show            => "Show a segment";
    PATCH   "/api/v1/segments/{id}"                     WriteSegments  Api     Json    SameOrigin  api::segment::change          => "Change a segment";
    DELETE  "/api/v1/segments/{id}"                     WriteSegments  Api     Nothing SameOrigin  api::segment::remove          => "Delete a segment";
    POST    "/api/v1/query"                             Query          Heavy   Json    SameOrigin  api::query::run               => "Run read-only SQL";
    POST    "/api/v1/imports/{object}"                  Import         Heavy   File    SameOrigin  api::import::csv              => "Import a CSV file";
    GET     "/api/v1/sources"                           ReadSources    Api     Nothing Safe        api::source::list             => "List sources";
    POST    "/api/v1/sources"                           ManageSources  Api     Json    SameOrigin  api::source::create           => "Make a source";
    GET     "/api/v1/sources/{id}"                      ReadSources    Api     Nothing Safe        api::source::show             => "Show a source";
    PATCH   "/api/v1/sources/{id}"                      ManageSources  Api     Json    SameOrigin  api::source::change           => "Rename, enable or disable a source";
    POST    "/api/v1/sources/{id}/rotate"               ManageSources  Api     Nothing SameOrigin  api::source::rotate           => "Replace a source's write key";
    GET     "/api/v1/sources/{id}/refusals"             ReadSources    Api     Nothing Safe        api::source::refusals         => "List messages a source had refused";
    GET     "/api/v1/sources/{id}/pace"                 ReadSources    Api     Nothing Safe        api::source::pace             => "Show how much a source sends, and how late";
    GET     "/api/v1/sources/{id}/users"                ReadSources    Api     Nothing Safe        api::source::users            => "List users who were grouped with several accounts";
    PUT     "/api/v1/sources/{id}/users/{user}"         ManageSources  Api     Json    SameOrigin  api::source::choose           => "Choose which of their accounts a user belongs to";
    GET     "/api/v1/sources/{id}/aliases"              ReadSources    Api     Nothing Safe        api::alias::list              => "List names that a source said are one person";
    POST    "/api/v1/sources/{id}/aliases/{alias}/undo" ManageSources  Api     Nothing SameOrigin  api::alias::undo              => "Take back that two names are one person";
    GET     "/api/v1/sources/{id}/origins"              ReadSources    Api     Nothing Safe        api::source::origins          => "List the websites that may use a source's write key";
    PUT     "/api/v1/sources/{id}/origins"              ManageSources  Api     Json    SameOrigin  api::source::set_origins      => "Limit a source's write key to websites";
    GET     "/api/v1/sources/{id}/webhook"              ReadSources    Api     Nothing Safe        api::webhook::show            => "Show who posts to a source";
    PUT     "/api/v1/sources/{id}/webhook"              ManageSources  Api     Json    SameOrigin  api::webhook::set_up          => "Say who posts to a source and how it is signed";
    GET     "/api/v1/sources/{id}/deliveries"           ReadSources    Api     Nothing Safe        api::webhook::deliveries      => "List webhooks that arrived";
    POST    "/api/v1/sources/{id}/deliveries/{delivery}/replay" ManageSources Api Nothing SameOrigin api::webhook::replay        => "Read a webhook again";
    GET     "/api/v1/members"                           ManageMembers  Api     Nothing Safe        api::member::list             => "List members";
    POST    "/api/v1/members"                           ManageMembers  Api     Json    SameOrigin  api::member::create           => "Add a member";
    PATCH   "/api/v1/members/{id}"                      ManageMembers  Api     Json    SameOrigin  api::member::change           => "Change a member";
    GET     "/api/v1/members/{id}/tokens"               ManageMembers  Api     Nothing Safe        api::token::list_of_member    => "List a member's tokens";
    DELETE  "/api/v1/members/{id}/tokens/{token}"       ManageMembers  Api     Nothing SameOrigin  api::token::revoke_of_member  => "Withdraw a member's token";
    GET     "/api/v1/tokens"                            ManageSelf     Api     Nothing Safe        api::token::list              => "List one's own tokens";
    POST    "/api/v1/tokens"                            ManageSelf     Api     Json    SameOrigin  api::token::create            => "Make a token";
    DELETE  "/api/v1/tokens/{id}"                       ManageSelf     Api     Nothing SameOrigin  api::token::revoke            => "Withdraw one's own token";
};

/// What browser libraries ask before they send events.
const LIBRARIES: &[Route] = routes! {
    GET     "/v1/projects/{key}/settings"               ReadPublic     Page    Nothing Safe        ingest::settings::segment;
    OPTIONS "/v1/projects/{key}/settings"               ReadPublic     Page    Nothing Safe        ingest::cors::preflight;
    GET     "/sourceConfig"                             ReadPublic     Page    Nothing Safe        ingest::settings::rudderstack;
    OPTIONS "/sourceConfig"                             ReadPublic     Page    Nothing Safe        ingest::cors::preflight;
    GET     "/sourceConfig/"                            ReadPublic     Page    Nothing Safe        ingest::settings::rudderstack;
    OPTIONS "/sourceConfig/"                            ReadPublic     Page    Nothing Safe        ingest::cors::preflight;
};

/// Records, from extractors and from vendors' webhooks, which are believed by their signature.
const RECORDS: &[Route] = routes! {
    POST    "/v1/ingest/singer"                         SendEvents     Events  Events  Keyed       ingest::tap::take;
    POST    "/v1/webhooks/{source}"                     SendEvents     Events  Events  Keyed       ingest::webhook::take;
    GET     "/v1/webhooks/{source}"                     ReadPublic     Page    Nothing Safe        ingest::webhook::here;
};

/// Declares both lines of a path that takes events: sending, and the browser's question whether it may send.
macro_rules! intake {
    ($($path:literal)+) => {
        routes! {$(
            POST    $path   SendEvents  Events  Events  Keyed  ingest::take;
            OPTIONS $path   ReadPublic  Page    Nothing Safe   ingest::cors::preflight;
        )+}
    };
}

/// Events, in the paths that the senders' libraries know.
const INTAKE: &[Route] = intake! {
    "/v1/batch" "/v1/import" "/v1/track" "/v1/identify" "/v1/group" "/v1/page" "/v1/screen" "/v1/alias"
    "/v1/b" "/v1/t" "/v1/i" "/v1/g" "/v1/p" "/v1/s" "/v1/a"
    "/beacon/v1/batch"
    "/api/s/{call}" "/api/s/s2s/{call}"
};
