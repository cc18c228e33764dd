//! A [`View`]: the events of one moment, inbox and parts together, and whatever
//! records the caller laid beside them, ready to be asked in SQL. A view never
//! changes and never blocks a seal; asking it the same thing twice gives the same
//! answer. Only a single `SELECT` is ever run, whoever wrote it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use datafusion::catalog::memory::{MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider};
use datafusion::catalog::{CatalogProvider, CatalogProviderList, MemTable, SchemaProvider, TableProvider};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::displayable;
use datafusion::prelude::DataFrame;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast;
use tokio::task::JoinSet;

use crate::scan::EventTable;
use crate::{Attribution, Frame, FrameError, Kind, Lake, LakeError, Params, PartFile, QueryError, batch, ducklake};
use crate::{merge, person};

/// Rows the engine handles at a time.
const BATCH_ROWS: usize = 8192;

/// Events and records at one moment. Cloning is cheap and shares them.
#[derive(Debug, Clone)]
pub struct View {
    lake: Lake,
    tables: BTreeMap<String, Arc<dyn TableProvider>>,
}

/// The answer to a query with a row limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The rows, at most as many as were allowed.
    pub frame: Frame,
    /// Whether there were more.
    pub truncated: bool,
}

impl Lake {
    /// Opens a view of the table `event`: these parts and these inbox blobs.
    ///
    /// Both must have been read in one database snapshot, or a blob that is just
    /// being sealed is lost or counted twice. Events of the tail without an account
    /// get the one `attribution` knows.
    ///
    /// # Errors
    /// [`LakeError::Corrupt`] when a blob is not one, [`LakeError::Io`] when a part's path leaves the lake.
    pub fn view(
        &self,
        parts: Vec<PartFile>,
        tail: &[(i64, Arc<[u8]>)],
        attribution: &Attribution,
    ) -> Result<View, LakeError> {
        for part in &parts {
            self.part_path(&part.path)?;
        }
        let blobs = self.decode_tail(tail)?.into_iter();
        let blobs = blobs.map(|blob| batch::attribute(blob, attribution)).collect::<Result<Vec<_>, _>>();
        let tail =
            blobs.and_then(|blobs| concat_batches(&batch::schema(), &blobs)).map_err(LakeError::engine("query"))?;
        let event = EventTable::new(self.clone(), parts, spread(&tail, self.partitions()));
        let tables = BTreeMap::from([(ducklake::TABLE.to_owned(), Arc::new(event) as _)]);
        Ok(View { lake: self.clone(), tables })
    }
}

impl View {
    /// Shows the events of merged accounts as those of the accounts they were merged into: pairs of from and to.
    ///
    /// Events of all other accounts are read as before, and those of the merged ones by themselves, so that what
    /// statistics skip is still skipped.
    ///
    /// # Errors
    /// [`LakeError::Engine`] when the engine cannot plan it.
    pub fn with_merged(mut self, merged: &[(i64, i64)]) -> Result<Self, LakeError> {
        if let Some(event) = self.tables.get(ducklake::TABLE).filter(|_| !merged.is_empty()) {
            let table = merge::redirected(event, merged).map_err(LakeError::engine("show merged accounts in"))?;
            self.tables.insert(ducklake::TABLE.to_owned(), table);
        }
        Ok(self)
    }

    /// Shows the events of users who are one person as those of one user: pairs of a user and who they are.
    ///
    /// # Errors
    /// [`LakeError::Engine`] when the engine cannot plan it.
    pub fn with_persons(mut self, persons: Vec<(i64, i64)>) -> Result<Self, LakeError> {
        if let Some(event) = self.tables.get(ducklake::TABLE).filter(|_| !persons.is_empty()) {
            let table =
                person::united(event, persons).map_err(LakeError::engine("show users who are one person in"))?;
            self.tables.insert(ducklake::TABLE.to_owned(), table);
        }
        Ok(self)
    }

    /// Adds a frame as a table, replacing one of the same name.
    ///
    /// # Errors
    /// [`FrameError`] when the frame cannot be a table.
    pub fn with(mut self, name: &str, frame: &Frame) -> Result<Self, FrameError> {
        let batch = frame.batch();
        let partitions = match spread(batch, self.lake.partitions()) {
            partitions if partitions.is_empty() => vec![vec![]],
            partitions => partitions,
        };
        let table = MemTable::try_new(batch.schema(), partitions)
            .map_err(|error| FrameError::Untyped { name: name.to_owned(), data_type: error.to_string() })?;
        self.tables.insert(name.to_owned(), Arc::new(table));
        Ok(self)
    }

    /// Runs a `SELECT` with the given parameters and returns all its rows.
    ///
    /// Dropping the future stops the query. Names without quotes are lower case.
    ///
    /// # Errors
    /// [`QueryError::Refused`] for anything but one valid `SELECT`.
    pub async fn query(&self, sql: &str, params: &Params) -> Result<Frame, QueryError> {
        Ok(self.run(sql, params, None).await?.frame)
    }

    /// Runs a `SELECT` that somebody typed and returns at most `max_rows` of its rows.
    ///
    /// Dropping the future stops the query, so a time limit is the caller's.
    ///
    /// # Errors
    /// [`QueryError::Refused`] for anything but one valid `SELECT`.
    pub async fn query_capped(&self, sql: &str, params: &Params, max_rows: usize) -> Result<Answer, QueryError> {
        self.run(sql, params, Some(max_rows)).await
    }

    /// Checks a `SELECT` without running it and returns the names and kinds of its columns.
    ///
    /// # Errors
    /// [`QueryError::Refused`] as for [`View::query`].
    pub async fn describe(&self, sql: &str, params: &Params) -> Result<Vec<(String, Kind)>, QueryError> {
        let (_, plan) = self.plan(sql, params).await?;
        let schema = plan.schema();
        let columns = schema.fields().iter().map(|field| match Kind::of(field.data_type()) {
            Some(kind) => Ok((field.name().clone(), kind)),
            None => {
                Err(QueryError::refused(format!("column {} has type {}; cast it", field.name(), field.data_type())))
            }
        });
        columns.collect()
    }

    /// Shows how a `SELECT` would be run: the physical plan, for people who tune.
    ///
    /// # Errors
    /// [`QueryError::Refused`] as for [`View::query`].
    pub async fn explain(&self, sql: &str, params: &Params) -> Result<String, QueryError> {
        let (state, plan) = self.plan(sql, params).await?;
        let plan = DataFrame::new(state, plan).create_physical_plan().await.map_err(QueryError::planning)?;
        Ok(displayable(plan.as_ref()).indent(false).to_string())
    }

    async fn run(&self, sql: &str, params: &Params, max_rows: Option<usize>) -> Result<Answer, QueryError> {
        let (state, plan) = self.plan(sql, params).await?;
        let mut rows = DataFrame::new(state, plan);
        if let Some(max_rows) = max_rows {
            rows = rows.limit(0, Some(max_rows.saturating_add(1))).map_err(QueryError::planning)?;
        }
        let _turn =
            self.lake.queries().acquire().await.map_err(|source| QueryError::Failed { source: source.into() })?;
        let frame = self.collect(rows).await?;
        match max_rows {
            Some(max_rows) if frame.len() > max_rows => Ok(Answer { frame: frame.head(max_rows), truncated: true }),
            _ => Ok(Answer { frame, truncated: false }),
        }
    }

    /// Runs a plan on the lake's own threads; dropping the task set stops it.
    async fn collect(&self, rows: DataFrame) -> Result<Frame, QueryError> {
        let Some(runtime) = self.lake.runtime() else { return Err(QueryError::refused("the lake is closed")) };
        let mut task = JoinSet::new();
        task.spawn_on(
            async move {
                let schema = Arc::new(rows.schema().as_arrow().clone());
                let batches = rows.collect().await.map_err(QueryError::running)?;
                Frame::from_batches(&schema, &batches).map_err(|error| QueryError::refused(error.to_string()))
            },
            runtime.handle(),
        );
        match task.join_next().await {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => Err(QueryError::Failed { source: error.into() }),
            None => Err(QueryError::refused("the lake is closed")),
        }
    }

    /// Parses, binds and plans one `SELECT`.
    async fn plan(&self, sql: &str, params: &Params) -> Result<(SessionState, LogicalPlan), QueryError> {
        let state = self.session().map_err(QueryError::planning)?;
        let dialect = state.config().options().sql_parser.dialect;
        let mut statement = state.sql_to_statement(sql, &dialect).map_err(QueryError::planning)?;
        let Statement::Statement(select) = &mut statement else { return Err(only_select()) };
        if !matches!(**select, ast::Statement::Query(_)) {
            return Err(only_select());
        }
        params.bind(select)?;
        let plan = state.statement_to_plan(statement).await.map_err(QueryError::planning)?;
        let reads = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        reads.verify_plan(&plan).map_err(|_| only_select())?;
        Ok((state, plan))
    }

    /// A session that sees this view's tables and nothing else.
    fn session(&self) -> Result<SessionState, DataFusionError> {
        let mut state = self.lake.state();
        let (schema, catalog) = (MemorySchemaProvider::new(), MemoryCatalogProvider::new());
        for (name, table) in &self.tables {
            schema.register_table(name.clone(), Arc::clone(table))?;
        }
        let names = state.config().options().catalog.clone();
        catalog.register_schema(&names.default_schema, Arc::new(schema))?;
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog(names.default_catalog, Arc::new(catalog));
        state.register_catalog_list(Arc::new(catalogs));
        Ok(state)
    }
}

fn only_select() -> QueryError {
    QueryError::refused("only a single SELECT can be run here")
}

/// Cuts a table into batches of the engine's size, dealt out to partitions in runs.
fn spread(batch: &RecordBatch, partitions: usize) -> Vec<Vec<RecordBatch>> {
    let starts: Vec<_> = (0..batch.num_rows()).step_by(BATCH_ROWS).collect();
    let run = starts.len().div_ceil(partitions).max(1);
    let slice = |start: &usize| batch.slice(*start, BATCH_ROWS.min(batch.num_rows() - start));
    starts.chunks(run).map(|starts| starts.iter().map(slice).collect()).collect()
}
