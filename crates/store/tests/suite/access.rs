//! Access: what a filter shows, who reports to whom, links and keys that work once.

use domain::access::RowFilter;
use store::{
    Account, Assignment, Member, Store, StoreError, assignment, end_user, idempotency, login_link, member, record,
    session, setting, token, visible,
};

use super::{
    company::{a_member, an_account, at, day},
    database::on_both,
};

fn assigned(account_id: i64, member_id: i64, from: domain::Day, to: Option<domain::Day>) -> Assignment {
    Assignment {
        id: 0,
        account_id,
        member_id,
        role: assignment::Role::Csm,
        effective_from: from,
        effective_to: to,
        recorded_at: at(0),
    }
}

async fn member(store: &Store, name: &str, manager_id: Option<i64>) -> i64 {
    let member = Member { manager_id, ..a_member(name) };
    store.write(async |tx| member::insert(tx, member).await).await.unwrap().id
}

#[test]
fn a_filter_shows_the_accounts_assigned_today_page_by_page() {
    on_both(|store| async move {
        let (ann, ben) = (member(&store, "ann", None).await, member(&store, "ben", None).await);
        let ids: Vec<i64> = store
            .write(async |tx| {
                let mut ids = Vec::new();
                for name in ["a", "b", "c", "d"] {
                    ids.push(record::insert(tx, an_account(name)).await?.id);
                }
                for (account, member, from, to) in [
                    (ids[0], ann, day(1, 1), None),
                    (ids[1], ann, day(1, 1), Some(day(3, 1))),
                    (ids[2], ben, day(1, 1), Some(day(3, 2))),
                    (ids[3], ann, day(3, 1), None),
                ] {
                    record::insert(tx, assigned(account, member, from, to)).await?;
                }
                Ok::<_, StoreError>(ids)
            })
            .await
            .unwrap();
        let seen = async |rows: &RowFilter, today, after, limit| {
            let page = visible::facts::<Account>(store.read(), rows, today, after, limit).await.unwrap();
            page.into_iter().map(|account| account.external_id).collect::<Vec<_>>()
        };
        let anns = RowFilter::Members(vec![ann]);
        assert_eq!(seen(&anns, day(3, 1), None, 9).await, ["a", "d"], "b ended this morning, d begins today");
        assert_eq!(seen(&anns, day(2, 28), None, 9).await, ["a", "b"]);
        assert_eq!(seen(&RowFilter::Members(vec![ann, ben]), day(3, 1), None, 9).await, ["a", "c", "d"]);
        assert_eq!(seen(&RowFilter::All, day(3, 1), None, 3).await, ["a", "b", "c"]);
        assert_eq!(seen(&RowFilter::All, day(3, 1), Some(ids[2]), 3).await, ["d"]);
        assert!(seen(&RowFilter::Members(Vec::new()), day(3, 1), None, 9).await.is_empty());
        assert!(visible::account(store.read(), &anns, day(3, 1), ids[0]).await.unwrap());
        assert!(!visible::account(store.read(), &anns, day(3, 1), ids[2]).await.unwrap());
        let facts = visible::facts::<Assignment>(store.read(), &anns, day(3, 1), None, 9).await.unwrap();
        assert_eq!(facts.len(), 2);
        let current = assignment::current(store.read(), ids[3], assignment::Role::Csm, day(3, 1)).await.unwrap();
        assert_eq!(current.unwrap().member_id, ann);
    });
}

#[test]
fn reports_are_followed_down_and_around() {
    on_both(|store| async move {
        let top = member(&store, "top", None).await;
        let middle = member(&store, "middle", Some(top)).await;
        let low = member(&store, "low", Some(middle)).await;
        let other = member(&store, "other", None).await;
        assert_eq!(member::reports_of(store.read(), top).await.unwrap(), [middle, low]);
        assert!(member::reports_of(store.read(), other).await.unwrap().is_empty());
        let circular = Member { id: top, manager_id: Some(low), ..a_member("top") };
        store.write(async |tx| member::update(tx, circular).await).await.unwrap();
        assert_eq!(member::reports_of(store.read(), top).await.unwrap(), [middle, low]);
        assert!(!member::any(store.read()).await.unwrap());
        let admin = Member { role: member::Role::Admin, ..a_member("admin") };
        store.write(async |tx| member::insert(tx, admin).await).await.unwrap();
        assert!(member::any(store.read()).await.unwrap());
    });
}

#[test]
fn a_link_works_once_unless_it_is_reusable() {
    on_both(|store| async move {
        let link = |token_hash: &str, reusable| store::LoginLink {
            token_hash: token_hash.to_owned(),
            member_id: None,
            purpose: login_link::Purpose::Setup,
            expires_at: at(100),
            used_at: None,
            reusable,
        };
        store
            .write(async |tx| {
                login_link::insert(tx, link("once", false)).await?;
                login_link::insert(tx, link("often", true)).await
            })
            .await
            .unwrap();
        let take = async |hash: &str, second| {
            store.write(async |tx| login_link::take(tx, hash, at(second)).await).await.unwrap().map(|link| link.used_at)
        };
        assert_eq!(take("once", 1).await, Some(Some(at(1))));
        assert_eq!(take("once", 2).await, None);
        assert_eq!(take("often", 1).await, Some(Some(at(1))));
        assert_eq!(take("often", 2).await, Some(Some(at(2))));
        assert_eq!(take("often", 100).await, None, "it has expired");
        assert_eq!(take("unknown", 1).await, None);
    });
}

#[test]
fn sessions_and_tokens_end_when_they_are_ended() {
    on_both(|store| async move {
        let ann = member(&store, "ann", None).await;
        let session = store::Session {
            token_hash: "cookie".to_owned(),
            member_id: ann,
            created_at: at(0),
            last_seen_at: at(0),
            expires_at: at(500),
            user_agent: None,
        };
        let key = store::Token {
            id: 0,
            name: "sync".to_owned(),
            token_hash: "key".to_owned(),
            prefix: "pom_".to_owned(),
            scopes: serde_json::json!(["accounts:read"]),
            member_id: ann,
            created_at: at(0),
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        };
        let key = store
            .write(async |tx| {
                session::insert(tx, session).await?;
                session::seen(tx, "cookie", at(7)).await?;
                token::insert(tx, key).await
            })
            .await
            .unwrap();
        let seen = session::find(store.read(), "cookie").await.unwrap().unwrap();
        assert_eq!(seen.last_seen_at, at(7));
        let (revoked, again) = store
            .write(async |tx| {
                session::delete_of_member(tx, ann).await?;
                token::used(tx, key.id, at(8)).await?;
                Ok::<_, StoreError>((token::revoke(tx, key.id, at(9)).await?, token::revoke(tx, key.id, at(10)).await?))
            })
            .await
            .unwrap();
        assert_eq!((revoked, again), (true, false));
        assert_eq!(session::find(store.read(), "cookie").await.unwrap(), None);
        let found = token::find_by_hash(store.read(), "key").await.unwrap().unwrap();
        assert_eq!((found.last_used_at, found.revoked_at), (Some(at(8)), Some(at(9))));
        assert_eq!(token::list(store.read(), Some(ann)).await.unwrap().len(), 1);
    });
}

#[test]
fn a_repeated_request_finds_the_first_answer() {
    on_both(|store| async move {
        let begin = async |hash: &str, second| {
            store.write(async |tx| idempotency::begin(tx, "k", hash, at(second)).await).await.unwrap()
        };
        assert_eq!(begin("h", 0).await, idempotency::Begun::New);
        let idempotency::Begun::Same(running) = begin("h", 1).await else { panic!("it runs") };
        assert_eq!(running.status, 0);
        assert_eq!(begin("other", 1).await, idempotency::Begun::Different);
        store.write(async |tx| idempotency::finish(tx, "k", 201, "{}").await).await.unwrap();
        let idempotency::Begun::Same(kept) = begin("h", 2).await else { panic!("it was answered") };
        assert_eq!((kept.status, kept.body.as_str()), (201, "{}"));
        store.write(async |tx| idempotency::forget(tx, "k").await).await.unwrap();
        assert_eq!(begin("h", 3).await, idempotency::Begun::New);
        assert_eq!(begin("h", 3 + 601).await, idempotency::Begun::New, "the one before died without an answer");
    });
}

/// What a crash between the effect and the answer leaves: the mark stands or falls with the effect.
#[test]
fn an_effect_and_the_mark_of_its_key_are_one_transaction() {
    on_both(|store| async move {
        let begin =
            async |second| store.write(async |tx| idempotency::begin(tx, "k", "h", at(second)).await).await.unwrap();
        let status = async |second| match begin(second).await {
            idempotency::Begun::Same(kept) => kept.status,
            other => panic!("{other:?}"),
        };
        assert_eq!(begin(0).await, idempotency::Begun::New);
        let put = async |fails: bool| {
            let work = store.write(async |tx| {
                setting::put(tx, "effect", serde_json::json!(true)).await?;
                if fails { Err(StoreError::Busy) } else { Ok(()) }
            });
            idempotency::within("k".to_owned(), work).await
        };
        put(true).await.unwrap_err();
        assert_eq!((status(1).await, setting::find(store.read(), "effect").await.unwrap()), (0, None));
        put(false).await.unwrap();
        assert_eq!(status(2).await, idempotency::CARRIED_OUT);
        assert_eq!(status(2 + 601).await, idempotency::CARRIED_OUT, "never begun anew, however long ago");
    });
}

#[test]
fn settings_are_replaced_and_people_are_erased() {
    on_both(|store| async move {
        let source = super::company::sending_source(&store).await;
        let put = async |value| store.write(async |tx| setting::put(tx, "theme", value).await).await.unwrap();
        assert_eq!(setting::find(store.read(), "theme").await.unwrap(), None);
        put(serde_json::json!("light")).await;
        put(serde_json::json!({"name": "dark"})).await;
        let found = setting::find(store.read(), "theme").await.unwrap();
        assert_eq!(found, Some(serde_json::json!({"name": "dark"})));
        let erase =
            async |name: &str| store.write(async |tx| end_user::erase(tx, source.id, name).await).await.unwrap();
        super::inbox::with_inbox(&store, store::inbox::Limits::default(), async |inbox| {
            inbox.accept(super::inbox::request(source.id, [1])).await.unwrap();
        })
        .await;
        assert!(erase("user-1").await);
        assert!(!erase("user-1").await);
    });
}
