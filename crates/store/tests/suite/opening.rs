//! Opening: migrations run once, a newer database is refused untouched, a path that cannot be written is named.

use std::path::Path;

use store::{Db, Settings, Store, StoreError};

use super::database::{Database, on_both_closed};

/// Migrations there are.
fn known() -> usize {
    std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap().count()
}

#[test]
fn opening_twice_migrates_once() {
    on_both_closed(async |database| {
        database.open().await.close().await.unwrap();
        let store = database.open().await;
        let sql = "SELECT CAST(count(*) AS BIGINT) FROM schema_migration";
        assert_eq!(number(&store, sql).await, known() as i64);
    });
}

#[test]
fn two_processes_may_open_an_empty_database_at_once() {
    on_both_closed(async |database| {
        let (a, b) = tokio::join!(Store::open(&database.settings), Store::open(&database.settings));
        a.unwrap();
        b.unwrap();
    });
}

#[test]
fn a_newer_database_is_refused_and_left_as_it_is() {
    on_both_closed(async |database| {
        let store = database.open().await;
        execute(&store, "INSERT INTO schema_migration (position, name, checksum) VALUES (99, '9999_later', 'x')").await;
        store.close().await.unwrap();
        let before = bytes(database);
        let refused = Store::open(&database.settings).await.unwrap_err();
        assert!(
            matches!(refused, StoreError::Newer { database, known: ours } if (database, ours) == (known() + 1, known())),
            "{refused:?}"
        );
        assert_eq!(
            refused.to_string(),
            format!(
                "the database is newer than this program: it has migration {}, this program knows {}; \
                 start the newer release again, or restore the backup taken before the upgrade",
                known() + 1,
                known()
            )
        );
        assert_eq!(before, bytes(database));
    });
}

#[test]
fn an_altered_migration_is_named() {
    on_both_closed(async |database| {
        let store = database.open().await;
        execute(&store, "UPDATE schema_migration SET checksum = 'other' WHERE position = 1").await;
        store.close().await.unwrap();
        let refused = Store::open(&database.settings).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Altered { name } if name == "0002_work"), "{refused:?}");
    });
}

#[tokio::test]
async fn a_path_that_cannot_be_written_is_named() {
    let missing = Settings::embedded(Path::new("/nonexistent-folder/pomona.db"));
    let refused = Store::open(&missing).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotWritable { .. }), "{refused:?}");
    assert_eq!(
        refused.to_string(),
        "cannot write the database /nonexistent-folder/pomona.db: check that its folder exists and belongs to this user"
    );
    let elsewhere = Store::open(&Settings::new("mysql://me:secret@db/x")).await.unwrap_err();
    assert_eq!(
        elsewhere.to_string(),
        "\"mysql://…@db/x\" is not a database address: use sqlite:PATH or postgres://HOST/NAME"
    );
}

async fn number(store: &Store, sql: &str) -> i64 {
    let statement = sea_orm::Statement::from_string(store.read().get_database_backend(), sql);
    store.read().query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

async fn execute(store: &Store, sql: &str) {
    store.write(async |tx| tx.execute_unprepared(sql).await.map_err(StoreError::from)).await.unwrap();
}

/// The embedded database's file; nothing on PostgreSQL, where a refused open has no way to write.
fn bytes(database: &Database) -> Option<Vec<u8>> {
    database.folder.as_ref().map(|folder| std::fs::read(folder.path().join("pomona.db")).unwrap())
}

#[test]
fn a_write_can_be_awaited_on_any_thread() {
    fn on_any_thread<F: Future + Send + 'static>(work: F) -> F {
        work
    }
    on_both_closed(async |database| {
        let store = database.open().await;
        let name = "acme".to_owned();
        let written = on_any_thread(async move {
            let by = &name;
            store
                .write(async |tx| {
                    let account = store::record::insert(tx, super::company::an_account(by)).await?;
                    store::record::edit::<store::Account>(tx, account.id, super::company::at(1), |a| {
                        a.name = by.clone();
                    })
                    .await
                })
                .await
        });
        let written = tokio::task::JoinSet::from_iter([written]).join_all().await.remove(0);
        assert_eq!(written.unwrap().1.name, "acme");
    });
}
