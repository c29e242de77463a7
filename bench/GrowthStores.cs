using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;
using Alloc.Processors.Allocation.State;

namespace Alloc.Bench;

/// <summary>The ledger's stores as a task has them, over a RocksDB in a temporary directory.</summary>
internal sealed class GrowthStores : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("alloc-bench-").FullName;
    private readonly RocksDbStateProvider provider = new(new StateStoreOptions(), LocalFileSystem.Instance);
    private readonly ITaskState state;
    private readonly int recordsPerCommit;
    private long recordCount;

    /// <param name="recordsPerCommit">Records of one transaction.</param>
    public GrowthStores(int recordsPerCommit)
    {
        this.recordsPerCommit = recordsPerCommit;
        state = provider.Open(new TaskStateOptions
        {
            TaskId = new TaskId(0, 0),
            Directory = Path.Combine(directory, "task"),
            Stores = AllocationStores.Definitions(),
        });
        Ledger = new StoreLedgerState(state);
    }

    /// <summary>The ledger's state in them.</summary>
    public StoreLedgerState Ledger { get; }

    /// <summary>Folds one record, and commits after so many.</summary>
    public void Record(Action fold)
    {
        Ledger.BeginRecord();
        state.BeginRecord();
        fold();
        state.CommitRecord();
        if (++recordCount % recordsPerCommit == 0)
        {
            state.MarkCommitted(state.Freeze(), StatePosition.Empty with
            {
                SourceMarks = new Dictionary<string, long> { ["allocation.commands"] = recordCount },
            });
        }
    }

    public void Dispose()
    {
        state.Dispose();
        provider.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
