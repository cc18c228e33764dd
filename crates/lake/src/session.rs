//! The [`Lake`]: a folder of parts, the threads and the memory that queries may use,
//! and what is worth remembering between two of them: footers of parts and decoded
//! blobs of the tail. Opened once per process and shared by cloning.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;
use object_store::local::LocalFileSystem;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

use crate::distinct::CountTextsAtOnce;
use crate::truncate::utc_date_trunc;
use crate::{LakeError, ducklake, tail};

/// Where the lake lives and what it may use.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A local folder, as a path or a `file://` URL; created when missing.
    pub root: String,
    /// Memory all running queries share, in bytes; what does not fit is spilled or refused.
    pub memory_limit_bytes: usize,
    /// Threads, and partitions of a plan: the number of cores.
    pub partitions: usize,
    /// Memory for footers of parts, in bytes.
    pub footer_cache_bytes: usize,
    /// Memory for decoded blobs of the tail, in bytes.
    pub tail_cache_bytes: usize,
    /// Disk all running queries may spill to below `root`, in bytes; zero for none.
    pub spill_limit_bytes: u64,
}

impl Settings {
    /// Settings for a lake at `root` on this machine: 512 MiB of memory and all cores.
    pub fn new(root: impl Into<String>) -> Self {
        Self {
            root: root.into(),
            memory_limit_bytes: 512 << 20,
            partitions: std::thread::available_parallelism().map_or(2, usize::from),
            footer_cache_bytes: 32 << 20,
            tail_cache_bytes: 64 << 20,
            spill_limit_bytes: 8 << 30,
        }
    }
}

/// A folder of parts and the engine that queries it. Cloning shares both.
#[derive(Clone)]
pub struct Lake(Arc<Inner>);

struct Inner {
    root: PathBuf,
    partitions: usize,
    state: SessionState,
    store: Arc<LocalFileSystem>,
    url: ObjectStoreUrl,
    tail: Mutex<TailCache>,
    queries: Semaphore,
    runtime: Option<Runtime>,
}

impl Lake {
    /// Opens the lake, creating its folder when missing.
    ///
    /// # Errors
    /// [`LakeError::Unsupported`] for a URL that is not `file://`, otherwise what the disk says.
    pub fn open(settings: &Settings) -> Result<Self, LakeError> {
        let root = local_folder(&settings.root)?;
        let table = table_folder(&root);
        std::fs::create_dir_all(&table).map_err(LakeError::io("create", &table))?;
        let partitions = settings.partitions.max(1);
        let store = Arc::new(LocalFileSystem::new_with_prefix(&table).map_err(LakeError::engine("open"))?);
        let url = ObjectStoreUrl::parse("lake://event").map_err(LakeError::engine("open"))?;
        let environment = environment(settings, &root).map_err(LakeError::engine("open"))?;
        environment.register_object_store(url.as_ref(), Arc::clone(&store) as _);
        let runtime = Builder::new_multi_thread().worker_threads(partitions).thread_name("lake").build();
        Ok(Self(Arc::new(Inner {
            partitions,
            state: state(partitions, environment).map_err(LakeError::engine("open"))?,
            store,
            url,
            tail: Mutex::new(TailCache { limit: settings.tail_cache_bytes, ..TailCache::default() }),
            queries: Semaphore::new(partitions.max(2)),
            runtime: Some(runtime.map_err(LakeError::io("start threads for", &root))?),
            root,
        })))
    }

    /// Returns the folder of the lake: `ducklake_metadata.data_path`.
    pub fn root(&self) -> &Path {
        &self.0.root
    }

    /// Returns the number of threads the lake works with.
    pub fn partitions(&self) -> usize {
        self.0.partitions
    }

    /// The folder below which parts lie.
    pub(crate) fn table_folder(&self) -> PathBuf {
        table_folder(&self.0.root)
    }

    pub(crate) fn state(&self) -> SessionState {
        self.0.state.clone()
    }

    pub(crate) fn store(&self) -> Arc<LocalFileSystem> {
        Arc::clone(&self.0.store)
    }

    pub(crate) fn url(&self) -> ObjectStoreUrl {
        self.0.url.clone()
    }

    pub(crate) fn queries(&self) -> &Semaphore {
        &self.0.queries
    }

    pub(crate) fn runtime(&self) -> Option<&Runtime> {
        self.0.runtime.as_ref()
    }

    /// Decodes the blobs of a tail, remembering them by their place in the inbox.
    pub(crate) fn decode_tail(&self, blobs: &[(i64, Arc<[u8]>)]) -> Result<Vec<RecordBatch>, LakeError> {
        self.0.tail.lock().unwrap_or_else(PoisonError::into_inner).decode(blobs)
    }
}

impl fmt::Debug for Lake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lake")
            .field("root", &self.0.root)
            .field("partitions", &self.0.partitions)
            .finish_non_exhaustive()
    }
}

/// A runtime must not wait for its threads where the last clone may be dropped: inside another runtime.
impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn table_folder(root: &Path) -> PathBuf {
    root.join(ducklake::SCHEMA_PATH).join(ducklake::TABLE_PATH)
}

fn local_folder(root: &str) -> Result<PathBuf, LakeError> {
    let path = root.strip_prefix("file://").unwrap_or(root);
    if path.is_empty() || path.contains("://") {
        return Err(LakeError::Unsupported { url: root.to_owned() });
    }
    std::path::absolute(path).map_err(LakeError::io("find", Path::new(path)))
}

fn environment(settings: &Settings, root: &Path) -> datafusion::error::Result<Arc<RuntimeEnv>> {
    let spill = match settings.spill_limit_bytes {
        0 => DiskManagerMode::Disabled,
        _ => DiskManagerMode::Directories(vec![root.join("spill")]),
    };
    let spill = DiskManagerBuilder::default().with_mode(spill).with_max_temp_directory_size(settings.spill_limit_bytes);
    RuntimeEnvBuilder::new()
        // First come, first served: a fair pool keeps a share for each operator, and most of them need next to nothing.
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(settings.memory_limit_bytes)))
        .with_metadata_cache_limit(settings.footer_cache_bytes)
        .with_disk_manager_builder(spill)
        .build_arc()
}

fn state(partitions: usize, environment: Arc<RuntimeEnv>) -> datafusion::error::Result<SessionState> {
    let mut config = SessionConfig::new().with_target_partitions(partitions).with_information_schema(false);
    config.options_mut().execution.time_zone = Some("UTC".to_owned());
    let mut state =
        SessionStateBuilder::new_with_default_features().with_config(config).with_runtime_env(environment).build();
    state.register_udf(Arc::new(utc_date_trunc()))?;
    state.register_function_rewrite(Arc::new(CountTextsAtOnce::new()))?;
    Ok(state)
}

/// Decoded blobs by their place in the inbox, which is never used twice.
#[derive(Debug, Default)]
struct TailCache {
    limit: usize,
    bytes: usize,
    decoded: BTreeMap<i64, RecordBatch>,
}

impl TailCache {
    fn decode(&mut self, blobs: &[(i64, Arc<[u8]>)]) -> Result<Vec<RecordBatch>, LakeError> {
        self.forget_before(blobs.iter().map(|(seq, _)| *seq).min().unwrap_or(i64::MAX));
        blobs.iter().map(|(seq, blob)| self.decode_one(*seq, blob)).collect()
    }

    fn decode_one(&mut self, seq: i64, blob: &[u8]) -> Result<RecordBatch, LakeError> {
        if let Some(batch) = self.decoded.get(&seq) {
            return Ok(batch.clone());
        }
        let batch = tail::decode_batch(blob)?;
        let bytes = batch.get_array_memory_size();
        if self.bytes + bytes <= self.limit {
            self.bytes += bytes;
            self.decoded.insert(seq, batch.clone());
        }
        Ok(batch)
    }

    /// Blobs before the first of a tail have been sealed and are not asked for again.
    fn forget_before(&mut self, seq: i64) {
        let kept = self.decoded.split_off(&seq);
        let forgotten = std::mem::replace(&mut self.decoded, kept);
        self.bytes -= forgotten.values().map(RecordBatch::get_array_memory_size).sum::<usize>();
    }
}
