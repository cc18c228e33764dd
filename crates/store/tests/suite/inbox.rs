//! The inbox: what is acknowledged is there once, whoever sent it how often and together with whom.

use std::sync::Arc;

use domain::Event;
use sea_orm::DbBackend;
use store::{
    Store, StoreError, alias, catalogue, end_user,
    inbox::{self, Accept, Inbox, Limits, NewEvent, Receipt, Refused, SameUser, SeenUser},
    refusal, source, source_minute,
};

use super::{
    catalogue::seal,
    company::{at, day, sending_source, two_accounts},
    database::on_both,
};

/// Stands in for the lake's encoder: the events as JSON.
fn encode(events: &[Event]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(serde_json::to_vec(events)?)
}

pub(crate) async fn stored(store: &Store) -> Vec<Event> {
    let rows = store.read_lake().await.unwrap();
    rows.tail.iter().flat_map(|blob| serde_json::from_slice::<Vec<Event>>(&blob.payload).unwrap()).collect()
}

pub(crate) fn event(number: u64) -> NewEvent {
    let mut key = [7; 16];
    key[..8].copy_from_slice(&number.to_be_bytes());
    NewEvent {
        key,
        account_id: None,
        user: Some(format!("user-{}", number % 3)),
        name: "report_viewed".to_owned(),
        occurred_at: at(1),
        quantity: 1,
        properties: Some("{\"page\":1}".to_owned()),
    }
}

pub(crate) fn request(source_id: i64, numbers: impl IntoIterator<Item = u64>) -> Accept {
    let events = numbers.into_iter().map(event).collect();
    Accept {
        source_id,
        received_at: at(2),
        sent_at: Some(at(1)),
        events,
        users: Vec::new(),
        aliases: Vec::new(),
        refused: Vec::new(),
    }
}

/// Runs a test against an inbox whose writer runs beside it.
pub(crate) async fn with_inbox(store: &Store, limits: Limits, test: impl AsyncFnOnce(&Inbox)) {
    let (inbox, writer) = inbox::open(store.clone(), Box::new(encode), limits);
    tokio::join!(writer.run(), async {
        test(&inbox).await;
        drop(inbox);
    });
}

fn counts(receipt: &Receipt) -> (u64, u64) {
    (receipt.accepted, receipt.duplicates)
}

#[test]
fn an_event_is_accepted_once() {
    on_both(|store| async move {
        let source = sending_source(&store).await;
        with_inbox(&store, Limits::default(), async |inbox| {
            let first = inbox.accept(request(source.id, [1, 2, 2])).await.unwrap();
            assert_eq!(counts(&first), (2, 1));
            let again = inbox.accept(request(source.id, [2, 3])).await.unwrap();
            assert_eq!(counts(&again), (1, 1));
            let nothing = inbox.accept(request(source.id, [1])).await.unwrap();
            assert_eq!(counts(&nothing), (0, 1));
        })
        .await;
        let keys: Vec<u64> = stored(&store).await.iter().map(|e| u64::from_be_bytes(first_eight(e))).collect();
        assert_eq!(keys, [1, 2, 3]);
        let backlog = inbox::backlog(store.read()).await.unwrap();
        assert_eq!((backlog.rows, backlog.events, backlog.oldest), (2, 3, Some(at(2))));
        let source = source::find(store.read(), source.id).await.unwrap();
        assert_eq!((source.accepted, source.unattributed, source.last_message_at), (3, 3, Some(at(2))));
    });
}

fn first_eight(event: &Event) -> [u8; 8] {
    event.id[..8].try_into().unwrap()
}

#[test]
fn requests_that_wait_together_are_committed_together_and_deduplicated() {
    on_both(|store| async move {
        let source = sending_source(&store).await;
        with_inbox(&store, Limits::default(), async |inbox| {
            let requests = (0..200_u64).map(|n| inbox.accept(request(source.id, n..n + 10)));
            let receipts = futures::future::join_all(requests).await;
            let accepted: u64 = receipts.iter().map(|receipt| receipt.as_ref().unwrap().accepted).sum();
            assert_eq!(accepted, 209);
        })
        .await;
        assert_eq!(stored(&store).await.len(), 209);
        let backlog = inbox::backlog(store.read()).await.unwrap();
        assert!(backlog.rows <= 20, "{} rows for 200 requests", backlog.rows);
    });
}

#[test]
fn one_bad_request_does_not_fail_its_neighbours() {
    on_both(|store| async move {
        let source = sending_source(&store).await;
        with_inbox(&store, Limits::default(), async |inbox| {
            let (good, bad, fine) = tokio::join!(
                inbox.accept(request(source.id, [1])),
                inbox.accept(request(source.id + 1, [2])),
                inbox.accept(request(source.id, [3])),
            );
            assert_eq!((good.unwrap().accepted, fine.unwrap().accepted), (1, 1));
            assert!(matches!(bad, Err(StoreError::Conflict { .. } | StoreError::NotFound { .. })), "{bad:?}");
        })
        .await;
        assert_eq!(stored(&store).await.len(), 2);
    });
}

#[test]
fn two_writers_never_accept_an_event_twice() {
    on_both(|store| async move {
        let source = sending_source(&store).await.id;
        let send = async || {
            let mut accepted = 0;
            with_inbox(&store, Limits { queue: 64, group: 30 }, async |inbox| {
                let requests = (0..40_u64).map(|n| inbox.accept(request(source, n * 10..n * 10 + 20)));
                for receipt in futures::future::join_all(requests).await {
                    accepted += receipt.unwrap().accepted;
                }
            })
            .await;
            accepted
        };
        let (one, other) = tokio::join!(send(), send());
        assert_eq!(one + other, 410);
        assert_eq!(stored(&store).await.len(), 410);
    });
}

async fn file_all(store: &Store) {
    inbox::file_keys(store, 1).await.unwrap();
}

#[test]
fn an_event_is_known_before_while_and_after_it_is_sealed() {
    on_both(|store| async move {
        store.write(async |tx| catalogue::found(tx, "/data/lake", at(0)).await).await.unwrap();
        let source = sending_source(&store).await.id;
        let again = async |inbox: &Inbox| {
            let receipt = inbox.accept(request(source, 0..20)).await.unwrap();
            let keys: Vec<inbox::Key> = (0..25).map(|n| event(n).key).collect();
            (receipt.accepted, inbox::known(store.read(), &keys).await.unwrap().len())
        };
        with_inbox(&store, Limits::default(), async |inbox| {
            assert_eq!(again(inbox).await, (20, 20));
            let rows: Vec<i64> = store.read_lake().await.unwrap().tail.iter().map(|blob| blob.seq).collect();
            seal(&store, &rows, &[]).await.unwrap();
            assert_eq!(again(inbox).await, (0, 20), "sealed");
            file_all(&store).await;
            assert_eq!(again(inbox).await, (0, 20), "filed");
            assert_eq!(inbox.accept(request(source, 20..22)).await.unwrap().accepted, 2);
        })
        .await;
        with_inbox(&store, Limits::default(), async |inbox| {
            assert_eq!(again(inbox).await, (0, 22), "another process, and something in the inbox");
            assert_eq!(inbox.accept(request(source, 18..25)).await.unwrap().accepted, 3);
        })
        .await;
        assert_eq!(stored(&store).await.len(), 5);
    });
}

#[test]
fn an_event_another_process_filed_in_between_is_known() {
    on_both(|store| async move {
        store.write(async |tx| catalogue::found(tx, "/data/lake", at(0)).await).await.unwrap();
        let source = sending_source(&store).await.id;
        let seal_and_file = async || {
            let rows: Vec<i64> = store.read_lake().await.unwrap().tail.iter().map(|blob| blob.seq).collect();
            seal(&store, &rows, &[]).await.unwrap();
            file_all(&store).await;
        };
        with_inbox(&store, Limits::default(), async |inbox| {
            // Twice: the index has been read to its end then, and whatever it lacks needs no look.
            for n in 0..2 {
                assert_eq!(inbox.accept(request(source, [n])).await.unwrap().accepted, 1);
            }
            for n in [100, 200] {
                with_inbox(&store, Limits::default(), async |other| {
                    assert_eq!(other.accept(request(source, n..n + 10)).await.unwrap().accepted, 10);
                })
                .await;
                seal_and_file().await;
                assert_eq!(inbox.accept(request(source, n..n + 11)).await.unwrap().accepted, 1);
            }
            seal_and_file().await;
            assert_eq!(inbox.accept(request(source, [0, 1, 105, 205, 210])).await.unwrap().accepted, 0);
        })
        .await;
    });
}

#[test]
fn keys_gather_before_they_are_filed() {
    on_both(|store| async move {
        store.write(async |tx| catalogue::found(tx, "/data/lake", at(0)).await).await.unwrap();
        let source = sending_source(&store).await.id;
        with_inbox(&store, Limits::default(), async |inbox| {
            inbox.accept(request(source, 0..10)).await.unwrap();
        })
        .await;
        let rows: Vec<i64> = store.read_lake().await.unwrap().tail.iter().map(|blob| blob.seq).collect();
        seal(&store, &rows, &[]).await.unwrap();
        let in_log = if store.read().get_database_backend() == DbBackend::Sqlite { 10 } else { 0 };
        assert_eq!(inbox::file_keys(&store, 11).await.unwrap(), 0);
        assert_eq!(inbox::file_keys(&store, 10).await.unwrap(), in_log);
        assert_eq!(inbox::file_keys(&store, 1).await.unwrap(), 0);
    });
}

#[test]
fn a_full_queue_says_so_at_once() {
    on_both(|store| async move {
        let source = sending_source(&store).await;
        let (inbox, writer) = inbox::open(store.clone(), Box::new(encode), Limits { queue: 1, group: 1 });
        let inbox = Arc::new(inbox);
        let waits = {
            let inbox = Arc::clone(&inbox);
            let request = request(source.id, [1]);
            async move { inbox.accept(request).await }
        };
        let mut waits = Box::pin(waits);
        assert!(futures::poll!(&mut waits).is_pending());
        assert_eq!(inbox.waiting(), 1);
        let refused = inbox.accept(request(source.id, [2])).await;
        assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
        drop(inbox);
        let (receipt, ()) = tokio::join!(waits, writer.run());
        assert_eq!(receipt.unwrap().accepted, 1);
    });
}

#[test]
fn a_user_gets_one_number_and_the_account_they_were_grouped_with() {
    on_both(|store| async move {
        let source = sending_source(&store).await;
        let (acme, zeta) = store.write(async |tx| two_accounts(tx).await).await.unwrap();
        let grouped = |user: &str, account_id| SeenUser {
            external_id: user.to_owned(),
            account_id: Some(account_id),
            likely_account_id: None,
            contact_id: None,
            at: at(1),
        };
        with_inbox(&store, Limits::default(), async |inbox| {
            inbox.accept(request(source.id, [1])).await.unwrap();
            let users = vec![grouped("user-1", acme.id)];
            inbox.accept(Accept { users, ..request(source.id, [4, 5]) }).await.unwrap();
            inbox.accept(request(source.id, [7])).await.unwrap();
            let told = NewEvent { account_id: Some(zeta.id), ..event(10) };
            inbox.accept(Accept { events: vec![told], ..request(source.id, []) }).await.unwrap();
        })
        .await;
        let events = stored(&store).await;
        let accounts: Vec<_> = events.iter().map(|event| event.account_id).collect();
        assert_eq!(accounts, [None, Some(acme.id), None, Some(acme.id), Some(zeta.id)]);
        let users: Vec<_> = events.iter().map(|event| event.user_id.unwrap()).collect();
        assert!(users[0] == users[1] && users[1] == users[3] && users[3] == users[4] && users[2] != users[0]);
    });
}

/// Whoever was seen within the hour costs no write with the next request.
#[test]
fn a_user_just_seen_is_only_read() {
    on_both(|store| async move {
        let source = sending_source(&store).await;
        with_inbox(&store, Limits::default(), async |inbox| {
            for second in [2, 600] {
                let events = [second, second + 1, second + 2].map(|number| event(u64::from(number)));
                let sent = Accept { events: events.into(), received_at: at(second), ..request(source.id, []) };
                assert_eq!(inbox.accept(sent).await.unwrap().accepted, 3);
            }
        })
        .await;
        for user in 1..=3 {
            assert_eq!(end_user::find(store.read(), user).await.unwrap().last_seen_at, at(2), "user {user}");
        }
    });
}

#[test]
fn a_user_of_two_accounts_belongs_to_none_until_it_is_known_who_they_are() {
    on_both(|store| async move {
        let source = sending_source(&store).await;
        let (acme, zeta) = store.write(async |tx| two_accounts(tx).await).await.unwrap();
        let ann = store::Contact {
            id: 0,
            account_id: zeta.id,
            external_id: None,
            name: "Ann".to_owned(),
            email: None,
            title: None,
            effective_from: domain::Day::default(),
            effective_to: None,
            source_id: None,
            recorded_at: super::company::at(0),
        };
        let ann = store.write(async |tx| store::record::insert(tx, ann).await).await.unwrap();
        let said = |account_id, likely_account_id, contact_id| {
            let external_id = "user-1".to_owned();
            vec![SeenUser { external_id, account_id, likely_account_id, contact_id, at: at(1) }]
        };
        let send = async |inbox: &store::Inbox, event: u64, users| {
            inbox.accept(Accept { users, ..request(source.id, [event]) }).await.unwrap();
        };
        with_inbox(&store, Limits::default(), async |inbox| {
            // All of these events are of user-1: numbers that leave 1 when divided by 3.
            send(inbox, 1, said(None, Some(zeta.id), None)).await;
            send(inbox, 4, said(Some(acme.id), None, None)).await;
            send(inbox, 7, said(Some(zeta.id), None, None)).await;
            send(inbox, 10, said(Some(acme.id), None, None)).await;
            send(inbox, 13, said(Some(acme.id), None, Some(ann.id))).await;
            send(inbox, 16, Vec::new()).await;
        })
        .await;
        let accounts: Vec<_> = stored(&store).await.iter().map(|event| event.account_id).collect();
        let (acme, zeta) = (Some(acme.id), Some(zeta.id));
        assert_eq!(
            accounts,
            [zeta, acme, None, None, zeta, zeta],
            "a domain yields to a group, two groups to a person"
        );
        let both = store::end_user::memberships(store.read(), &[1]).await.unwrap();
        assert_eq!(both.len(), 2);
    });
}

/// A user was grouped with one account and hours later with another; what they did arrives in any order (T8, T9).
#[test]
fn what_arrives_late_belongs_where_its_user_was_at_the_time() {
    const HOUR: u32 = 3_600;
    on_both(|store| async move {
        let source = sending_source(&store).await;
        let (acme, zeta) = store.write(async |tx| two_accounts(tx).await).await.unwrap();
        let grouped = |account_id: i64, hour: u32| SeenUser {
            external_id: "user-1".to_owned(),
            account_id: Some(account_id),
            likely_account_id: None,
            contact_id: None,
            at: at(hour * HOUR),
        };
        let did = |number: u64, hour: u32| NewEvent { occurred_at: at(hour * HOUR), ..event(number) };
        with_inbox(&store, Limits::default(), async |inbox| {
            let send = async |events: Vec<NewEvent>, users: Vec<SeenUser>| {
                let sent = Accept { events, users, received_at: at(99 * HOUR), ..request(source.id, []) };
                inbox.accept(sent).await.unwrap()
            };
            send(vec![did(1, 15)], vec![grouped(acme.id, 10)]).await;
            send(vec![did(4, 25)], vec![grouped(zeta.id, 20)]).await;
            let receipt = send(vec![did(7, 15), did(10, 25), did(13, 5)], Vec::new()).await;
            assert_eq!(receipt.accounts.into_iter().collect::<Vec<_>>(), [acme.id], "the accounts to compute again");
            let user = stored(&store).await[0].user_id.unwrap();
            assert!(store.write(async |tx| end_user::choose(tx, user, Some(zeta.id)).await).await.unwrap());
            send(vec![did(16, 15), did(19, 25)], Vec::new()).await;
            // A device that was offline says that the first membership is older, and the second younger than it is.
            send(vec![did(22, 19)], vec![grouped(zeta.id, 18), grouped(acme.id, 30)]).await;
        })
        .await;
        let events = stored(&store).await;
        let accounts: Vec<_> = events.iter().map(|event| event.account_id).collect();
        let (acme, zeta) = (Some(acme.id), Some(zeta.id));
        assert_eq!(accounts, [acme, None, acme, None, acme, acme, zeta, zeta]);
        let late = end_user::torn_over_time(store.read()).await.unwrap();
        let [(user, belonging)] = late.as_slice() else { panic!("one user is in two accounts: {late:?}") };
        assert_eq!(Some(*user), events[0].user_id);
        assert_eq!([5, 15, 18, 25].map(|hour| belonging.at(at(hour * HOUR))), [acme, acme, zeta, zeta]);
        assert_eq!(end_user::attributed(store.read()).await.unwrap(), [], "of nobody does it not matter when");
    });
}

/// What a source said of two names, and where their person belongs.
#[test]
fn names_that_are_one_person_belong_together_until_that_is_undone() {
    on_both(|store| async move {
        let source = sending_source(&store).await;
        let (acme, zeta) = store.write(async |tx| two_accounts(tx).await).await.unwrap();
        let grouped = |user: &str, account: i64| SeenUser {
            external_id: user.to_owned(),
            account_id: Some(account),
            likely_account_id: None,
            contact_id: None,
            at: at(1),
        };
        let same = |previous: &str, user: &str| SameUser { previous: previous.to_owned(), user: user.to_owned() };
        let send = async |inbox: &store::Inbox, users: Vec<SeenUser>, aliases: Vec<SameUser>| {
            inbox.accept(Accept { users, aliases, ..request(source.id, []) }).await.unwrap();
        };
        let ids = async |names: &[&str]| end_user::accounts_of(store.read(), source.id, names).await.unwrap();
        let standing = async || alias::standing(store.read(), None).await.unwrap();
        with_inbox(&store, Limits::default(), async |inbox| {
            // The browser is aliased before anything else is known of anybody, and twice.
            send(inbox, Vec::new(), vec![same("anon", "ann"), same("anon", "ann")]).await;
            send(inbox, Vec::new(), vec![same("anon", "ann"), same("ann", "ann")]).await;
            assert_eq!(standing().await, [(2, 1)]);
            send(inbox, vec![grouped("ann", acme.id)], Vec::new()).await;
            assert_eq!(ids(&["anon"]).await, [acme.id], "the account of one name is that of the other");
            send(inbox, vec![grouped("anon", zeta.id)], Vec::new()).await;
            assert_eq!(ids(&["anon", "ann"]).await, [0; 0], "one person in two accounts is never guessed");
            let ties = end_user::torn(store.read(), source.id, 10).await.unwrap();
            assert_eq!(ties.iter().map(|tie| tie.account_id).collect::<Vec<_>>(), [acme.id, zeta.id]);
            let choose =
                async |account| store.write(async |tx| end_user::choose(tx, ties[0].user_id, account).await).await;
            assert!(choose(Some(acme.id)).await.unwrap());
            assert_eq!(ids(&["anon"]).await, [acme.id], "a choice holds for every name");
            assert!(choose(None).await.unwrap());

            let told = alias::of_source(store.read(), source.id, None, 10).await.unwrap();
            assert_eq!(told.len(), 1, "{told:?}");
            assert_eq!((told[0].previous.as_str(), told[0].user.as_str(), told[0].holds), ("anon", "ann", true));
            let undone = store.write(async |tx| alias::undo(tx, told[0].id, "member:1", at(9)).await).await.unwrap();
            assert_eq!((undone.undone_at, undone.undone_by.as_deref()), (Some(at(9)), Some("member:1")));
            assert_eq!((ids(&["anon"]).await, ids(&["ann"]).await), (vec![zeta.id], vec![acme.id]));
            send(inbox, Vec::new(), vec![same("anon", "ann")]).await;
            assert_eq!(standing().await, [], "saying it again does not bring it back");
            let known = alias::standing(store.read(), Some(at(5))).await.unwrap();
            assert_eq!(known, [(2, 1)], "as it was known before");

            // A browser that two people use is neither.
            send(inbox, vec![grouped("bob", zeta.id)], vec![same("shared", "bob")]).await;
            assert_eq!(ids(&["shared"]).await, [zeta.id]);
            send(inbox, Vec::new(), vec![same("shared", "ann")]).await;
            assert_eq!((ids(&["shared"]).await, standing().await), (vec![], vec![]));
            let erased = store.write(async |tx| end_user::erase(tx, source.id, "ann").await).await.unwrap();
            assert!(erased);
            assert_eq!(ids(&["shared"]).await, [zeta.id], "of the two only one is left");
        })
        .await;
    });
}

/// What a mail domain makes likely holds for every name, and yields to a group.
#[test]
fn a_likely_account_is_that_of_every_name() {
    on_both(|store| async move {
        let source = sending_source(&store).await;
        let (acme, zeta) = store.write(async |tx| two_accounts(tx).await).await.unwrap();
        let seen = |account_id, likely_account_id| {
            let external_id = "ann".to_owned();
            vec![SeenUser { external_id, account_id, likely_account_id, contact_id: None, at: at(1) }]
        };
        let aliases = vec![SameUser { previous: "anon".to_owned(), user: "ann".to_owned() }];
        let anon = async || end_user::accounts_of(store.read(), source.id, &["anon"]).await.unwrap();
        with_inbox(&store, Limits::default(), async |inbox| {
            let users = seen(None, Some(acme.id));
            inbox.accept(Accept { users, aliases, ..request(source.id, []) }).await.unwrap();
            assert_eq!(anon().await, [acme.id]);
            inbox.accept(Accept { users: seen(Some(zeta.id), None), ..request(source.id, []) }).await.unwrap();
            assert_eq!(anon().await, [zeta.id]);
        })
        .await;
    });
}

#[test]
fn refusals_that_are_old_or_too_many_are_forgotten() {
    on_both(|store| async move {
        let source = sending_source(&store).await;
        let other = store.write(async |tx| source::insert(tx, super::company::a_source("other")).await).await.unwrap();
        let no = |body: &str| vec![Refused { code: "no".to_owned(), message: "no".to_owned(), body: body.to_owned() }];
        let left = async |source: i64| -> Vec<String> {
            let kept = refusal::of_source(store.read(), source, None, 10).await.unwrap();
            kept.into_iter().map(|refusal| refusal.body).collect()
        };
        store
            .write(async |tx| {
                for (minute, body) in ["a", "b", "c", "d"].into_iter().enumerate() {
                    refusal::record(tx, source.id, &no(body), at(60 * minute as u32)).await?;
                }
                refusal::record(tx, other.id, &no("e"), at(60)).await?;
                assert_eq!(refusal::prune(tx, at(60), 2).await?, 2, "one is too old, one too many");
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        assert_eq!(
            (left(source.id).await, left(other.id).await),
            (vec!["d".to_owned(), "c".to_owned()], vec!["e".to_owned()])
        );
    });
}

/// The rate, the lag and what waits, as the page of a source shows them.
#[test]
fn a_source_has_a_pace() {
    on_both(|store| async move {
        let source = sending_source(&store).await;
        let pace = async |now: u32| source_minute::paces(store.read(), at(now)).await.unwrap().remove(&source.id);
        assert_eq!(pace(0).await, None, "nothing was sent");
        with_inbox(&store, Limits::default(), async |inbox| {
            // Three messages at noon that were ten seconds under way; two minutes later one that does not say.
            let sent = Accept { received_at: at(10), sent_at: Some(at(0)), ..request(source.id, [1, 2, 3]) };
            inbox.accept(sent).await.unwrap();
            inbox.accept(Accept { received_at: at(130), sent_at: None, ..request(source.id, [4]) }).await.unwrap();
            let again = Accept { received_at: at(131), sent_at: Some(at(129)), ..request(source.id, [4]) };
            inbox.accept(again).await.unwrap();
        })
        .await;
        let now = pace(150).await.unwrap();
        assert_eq!((now.per_minute, now.last_hour), (1.0, 5), "five messages in five minutes, a repeat among them");
        assert_eq!(now.lag, Some(chrono::TimeDelta::milliseconds((3 * 10_000 + 2_000) / 4)), "of the four that say");
        assert_eq!(now.unsealed, Some((4, at(10))));
        let later = pace(5 * 60).await.unwrap();
        assert_eq!((later.per_minute, later.last_hour), (0.4, 5), "the first minute is more than five ago");
        let much_later = pace(2 * 3_600).await.unwrap();
        assert_eq!((much_later.last_hour, much_later.lag, much_later.unsealed), (0, None, Some((4, at(10)))));
        let found = source::find(store.read(), source.id).await.unwrap();
        let silence = |hours: u32| found.silence(at(131 + hours * 3_600)).map(|silence| silence.num_hours());
        assert_eq!((silence(23), silence(24)), (None, Some(24)), "missed after a day");
        store.write(async |tx| source_minute::prune(tx, at(25 * 3_600 + 60)).await).await.unwrap();
        assert_eq!(
            source_minute::paces(store.read(), at(150)).await.unwrap()[&source.id].last_hour,
            2,
            "a day is kept"
        );
    });
}

#[test]
fn refusals_are_kept_with_their_reason() {
    on_both(|store| async move {
        let source = sending_source(&store).await;
        let refused = vec![Refused {
            code: "future".to_owned(),
            message: "the timestamp lies in the future".to_owned(),
            body: "{}".to_owned(),
        }];
        with_inbox(&store, Limits::default(), async |inbox| {
            inbox.accept(Accept { refused, ..request(source.id, []) }).await.unwrap();
        })
        .await;
        let kept = store::refusal::of_source(store.read(), source.id, None, 10).await.unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].code, "future");
        let source = source::find(store.read(), source.id).await.unwrap();
        assert_eq!((source.refused, source.last_error_at), (1, Some(at(2))));
    });
}

#[test]
fn keys_are_forgotten_after_the_window() {
    on_both(|store| async move {
        let source = sending_source(&store).await;
        with_inbox(&store, Limits::default(), async |inbox| {
            inbox.accept(request(source.id, 0..10)).await.unwrap();
        })
        .await;
        let rows: Vec<i64> = store.read_lake().await.unwrap().tail.iter().map(|blob| blob.seq).collect();
        seal(&store, &rows, &[]).await.unwrap();
        file_all(&store).await;
        let prune =
            async |today, at_most| store.write(async |tx| inbox::prune_keys(tx, today, at_most).await).await.unwrap();
        assert_eq!(prune(day(4, 5), 100).await, 0);
        assert_eq!(prune(day(4, 6), 4).await, 4);
        assert_eq!(prune(day(4, 6), 100).await, 6);
        with_inbox(&store, Limits::default(), async |inbox| {
            inbox.accept(request(source.id, 0..10)).await.unwrap();
        })
        .await;
        let rows: Vec<i64> = store.read_lake().await.unwrap().tail.iter().map(|blob| blob.seq).collect();
        seal(&store, &rows, &[]).await.unwrap();
        assert_eq!(prune(day(4, 5), 100).await, 0, "of those that gather none is too old");
        assert!(prune(day(4, 6), 100).await > 0, "now they are");
        let keys: Vec<inbox::Key> = (0..10).map(|n| event(n).key).collect();
        assert_eq!(inbox::known(store.read(), &keys).await.unwrap().len(), 0);
    });
}
