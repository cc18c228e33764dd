//! `pomona query`: one read-only statement over `event` (parts and inbox), the record tables and `snapshot`, beside
//! a running server or without one. Whoever can read the home folder may ask; the API has its own permission.

use clap::Args;
use engine::{Clock, Definitions, query};

use crate::{print, settings::Settings};

/// Runs one read-only SQL statement over events, records and the snapshot.
///
/// Example: pomona query "select name, count(*) from event group by name order by 2 desc"
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The statement
    statement: String,
    /// Print a JSON array of rows instead of CSV
    #[arg(long)]
    json: bool,
    /// Rows printed at most
    #[arg(long, default_value_t = 100_000)]
    most: usize,
}

impl Query {
    pub(crate) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let home = settings.existing()?;
        let definitions = std::sync::Arc::new(Definitions::load(&home.home)?);
        let clock = Clock::System;
        let (store, lake) = engine::open_data(&home, clock.now()).await?;
        let answer = query::offline(&store, &lake, &definitions, &clock, &self.statement, self.most).await?;
        if self.json {
            print::line(&answer.frame.to_json());
        } else {
            let mut text = Vec::new();
            answer.frame.write_csv(&mut text)?;
            print::line(String::from_utf8_lossy(&text).trim_end());
        }
        if answer.truncated {
            print::note(&format!("only the first {} rows are shown; ask for more with --most", self.most));
        }
        Ok(store.close().await?)
    }
}
