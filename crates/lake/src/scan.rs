//! The table `event`: the parts of a view and its tail, as one relation. Parts whose
//! accounts or times cannot match a filter are left out by what the catalogue says,
//! before any file is opened; inside a file, row groups and pages are skipped by its
//! own statistics. Filters are therefore pushed down inexactly: the plan above still
//! applies them to the rows that remain.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PrunableStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, DFSchema, ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use domain::Instant;

use crate::frame::UTC;
use crate::{Lake, PartFile, batch};

/// The events of a view.
#[derive(Debug)]
pub(crate) struct EventTable {
    lake: Lake,
    parts: Vec<(PartFile, Arc<Statistics>)>,
    tail: Vec<Vec<RecordBatch>>,
}

impl EventTable {
    pub(crate) fn new(lake: Lake, parts: Vec<PartFile>, tail: Vec<Vec<RecordBatch>>) -> Self {
        let parts = parts.into_iter().map(|part| {
            let statistics = Arc::new(statistics(&part));
            (part, statistics)
        });
        Self { lake, parts: parts.collect(), tail }
    }

    /// Parts that may hold a row the predicate accepts.
    fn candidates(&self, predicate: Option<&Arc<dyn PhysicalExpr>>) -> Vec<&(PartFile, Arc<Statistics>)> {
        let kept = predicate.and_then(|predicate| {
            let predicate =
                PruningPredicateBuilder::new().with_file_schema(batch::schema()).build(Arc::clone(predicate))?;
            let known = self.parts.iter().map(|(_, statistics)| Arc::clone(statistics)).collect();
            predicate.prune(&PrunableStatistics::new(known, batch::schema())).ok()
        });
        match kept {
            Some(kept) => self.parts.iter().zip(kept).filter_map(|(part, keep)| keep.then_some(part)).collect(),
            None => self.parts.iter().collect(),
        }
    }

    fn scan_parts(
        &self,
        parts: &[&(PartFile, Arc<Statistics>)],
        predicate: Option<Arc<dyn PhysicalExpr>>,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = batch::schema();
        let footers = self.lake.state().runtime_env().cache_manager.get_file_metadata_cache();
        let mut source = ParquetSource::new(Arc::clone(&schema)).with_parquet_file_reader_factory(Arc::new(
            CachedParquetFileReaderFactory::new(self.lake.store(), footers),
        ));
        if let Some(predicate) = predicate {
            source = source.with_predicate(predicate);
        }
        let known = parts.iter().map(|(_, statistics)| statistics.as_ref());
        let config = FileScanConfigBuilder::new(self.lake.url(), Arc::new(source))
            .with_file_groups(groups(parts, self.lake.partitions()))
            .with_statistics(Statistics::try_merge_iter(known, &schema)?)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

#[async_trait]
impl TableProvider for EventTable {
    fn schema(&self) -> SchemaRef {
        batch::schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let predicate = match conjunction(filters.iter().cloned()) {
            Some(filter) => Some(state.create_physical_expr(filter, &DFSchema::try_from(batch::schema())?)?),
            None => None,
        };
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        let parts = self.candidates(predicate.as_ref());
        if !parts.is_empty() {
            inputs.push(self.scan_parts(&parts, predicate, projection, limit)?);
        }
        if !self.tail.is_empty() {
            inputs.push(MemorySourceConfig::try_new_exec(&self.tail, batch::schema(), projection.cloned())?);
        }
        match inputs.len() {
            0 => {
                let schema = batch::schema();
                let schema =
                    projection.map_or(Ok(Arc::clone(&schema)), |columns| schema.project(columns).map(Arc::new))?;
                Ok(Arc::new(EmptyExec::new(schema)))
            }
            1 => Ok(inputs.swap_remove(0)),
            _ => UnionExec::try_new(inputs),
        }
    }
}

/// Spreads parts over partitions by size, each to the one with the least so far.
fn groups(parts: &[&(PartFile, Arc<Statistics>)], partitions: usize) -> Vec<FileGroup> {
    let mut groups = vec![(0, Vec::new()); partitions.clamp(1, parts.len().max(1))];
    for (part, statistics) in parts {
        let size = part.file_size_bytes.unsigned_abs();
        let footer = usize::try_from(part.footer_size).unwrap_or(0) + 8;
        let file = PartitionedFile::new(part.path.clone(), size)
            .with_metadata_size_hint(footer)
            .with_statistics(Arc::clone(statistics));
        if let Some((bytes, files)) = groups.iter_mut().min_by_key(|(bytes, _)| *bytes) {
            *bytes += size;
            files.push(file);
        }
    }
    groups.into_iter().map(|(_, files)| FileGroup::new(files)).collect()
}

/// What the catalogue knows of a part, in the engine's terms.
fn statistics(part: &PartFile) -> Statistics {
    let mut statistics = Statistics::new_unknown(&batch::schema());
    statistics.num_rows = Precision::Exact(usize::try_from(part.record_count).unwrap_or(0));
    let account = &mut statistics.column_statistics[batch::ACCOUNT_ID];
    account.null_count = Precision::Exact(usize::try_from(part.unattributed).unwrap_or(0));
    if let Some((min, max)) = part.account_id {
        bound(account, ScalarValue::Int64(Some(min)), ScalarValue::Int64(Some(max)));
    }
    if let Some((min, max)) = part.occurred_at {
        let time =
            |instant: Instant| ScalarValue::TimestampMicrosecond(Some(instant.timestamp_micros()), Some(UTC.into()));
        let occurred_at = &mut statistics.column_statistics[batch::OCCURRED_AT];
        occurred_at.null_count = Precision::Exact(0);
        bound(occurred_at, time(min), time(max));
    }
    statistics
}

fn bound(column: &mut ColumnStatistics, min: ScalarValue, max: ScalarValue) {
    column.min_value = Precision::Exact(min);
    column.max_value = Precision::Exact(max);
}
