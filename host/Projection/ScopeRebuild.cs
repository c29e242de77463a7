using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;
using Alloc.Processors.Projection;
using Alloc.Schemas.Allocation;
using Alloc.Web.Reads;

namespace Alloc.Host.Projection;

/// <summary>
/// Builds one scope of the projection anew beside live reads: folds its journal into a scratch, looks for entries that
/// differ, and hands them to the partition's task. Whatever stops it, the old entries stay.
/// </summary>
internal sealed class ScopeRebuild(
    string id, ScopeRepair repair, bool isCheck, Generation generation, GenerationLog log, string directory,
    IDeserializer<AllocationOutcome> outcomes, TimeProvider time)
{
    private const int SuspectsAtMost = 500_000;
    private const int Tries = 10;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TaskPatience = TimeSpan.FromSeconds(60);
    private readonly HashSet<ProjectionEntry> suspects = [];
    private readonly byte[]? poolKey = repair.Scope.PoolId is { } pool ? Encoding.UTF8.GetBytes(pool) : null;
    private long entries;

    private ProjectionScope Scope => repair.Scope;

    /// <summary>How far it is.</summary>
    public ProjectionScopeRebuild Status { get; private set; } = new(
        id, repair.Scope.ToString(), repair.Scope.Partition, isCheck, ScopePhase.Reading, 0, 0, 0, null, null);

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Builds it; how it ended is in the status.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        ProjectionScopeRebuild over;
        try
        {
            Wipe();
            using var states = new RocksDbStateProvider(
                new StateStoreOptions
                {
                    DatabaseMemoryBytes = 32L << 20,
                    CachedEntryCount = 16 * 1024,
                    WriteAfterRecordCount = 20_000,
                    MaximumUnwrittenRecordCount = 60_000,
                },
                LocalFileSystem.Instance);
            using var scratch = new ProjectionScratch(states, directory, Scope);
            using var reader = log.Reader(Scope.Partition);
            try
            {
                over = await BuildAsync(scratch, reader, cancellation).ConfigureAwait(false);
            }
            finally
            {
                repair.Withdraw();
            }
        }
        catch (Exception e)
        {
            var why = e switch
            {
                OperationCanceledException => "This instance stops.",
                TaskCorruptedException => $"What searches have of it cannot be read ({e.Message}) "
                    + "alloc projection rebuild --scope all builds a generation beside.",
                _ => e.Message,
            };
            over = Status with { Phase = ScopePhase.Failed, Failure = why };
        }
        Wipe();
        generation.Repairs.End(repair);
        Status = over;
    }

    private async Task<ProjectionScopeRebuild> BuildAsync(
        ProjectionScratch scratch, ScopeJournal reader, CancellationToken cancellation)
    {
        Read(scratch, reader, cancellation);
        await UntilFoldedAsync(reader.Next, cancellation).ConfigureAwait(false);
        Status = Status with { Phase = ScopePhase.Comparing };
        scratch.Touched = Suspect;
        Compare(scratch, cancellation);
        if (entries == 0 && Scope.PoolId is { } pool)
        {
            return Status with
            {
                Phase = ScopePhase.Unknown,
                Failure = $"Pool {pool} is unknown: partition {Scope.Partition} of the journal has no outcome of it.",
            };
        }
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            Read(scratch, reader, cancellation);
            suspects.RemoveWhere(e => Live().Compare(e, scratch.Reads, NowMs) is null);
            repair.Ask();
            await UntilAsync(s => s != RepairStage.Asked, cancellation).ConfigureAwait(false);
            Read(scratch, reader, cancellation);
            await UntilFoldedAsync(reader.Next, cancellation).ConfigureAwait(false);
            Status = Status with { Phase = ScopePhase.Switching };
            repair.HandOver(scratch, suspects);
            if (await IsTakenAsync(scratch, cancellation).ConfigureAwait(false))
            {
                return Status with { Phase = ScopePhase.Done, Entries = entries, Findings = repair.Findings };
            }
        }
        throw new StreamsException(
            $"More is written to {Scope} than can be taken over in one step, {Tries} times. "
            + "alloc projection rebuild --scope all builds a generation beside.");
    }

    private void Read(ProjectionScratch scratch, ScopeJournal reader, CancellationToken cancellation)
    {
        var end = reader.End - reader.First;
        void Tell() => Status = Status with { Read = reader.Next - reader.First, Total = end };
        var count = 0;
        reader.ReadOn(
            (key, value, offset) =>
            {
                if (++count % 1_000 == 0)
                {
                    Tell();
                }
                if (poolKey is null || poolKey.AsSpan().SequenceEqual(key))
                {
                    scratch.Fold(
                        outcomes.Deserialize(value), () => $"partition {Scope.Partition}, offset {offset} (the journal "
                            + $"begins at {reader.First})");
                }
            },
            cancellation);
        Tell();
    }

    /// <summary>Until the task is past what was read; one that waits for this rebuild is not waited for.</summary>
    private async Task UntilFoldedAsync(long offset, CancellationToken cancellation)
    {
        using var poll = new PeriodicTimer(Look, time);
        var phase = Status.Phase;
        while (!repair.IsAwaited && log.Committed(generation.Number, Scope.Partition) < offset)
        {
            Status = Status with { Phase = ScopePhase.Waiting };
            _ = Live();
            await poll.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
        Status = Status with { Phase = phase };
    }

    private void Compare(ProjectionScratch scratch, CancellationToken cancellation)
    {
        var live = Live();
        foreach (var entry in live.Entries(Scope))
        {
            cancellation.ThrowIfCancellationRequested();
            entries++;
            SuspectIfDiffers(entry);
        }
        foreach (var entry in scratch.Reads.Entries(Scope))
        {
            cancellation.ThrowIfCancellationRequested();
            if (live.Compare(entry, scratch.Reads, NowMs) is { Kind: DifferenceKind.Missing })
            {
                entries++;
                Suspect(entry);
            }
        }

        void SuspectIfDiffers(ProjectionEntry entry)
        {
            if (live.Compare(entry, scratch.Reads, NowMs) is not null)
            {
                Suspect(entry);
            }
        }
    }

    private void Suspect(ProjectionEntry entry)
    {
        if (suspects.Add(entry) && suspects.Count > SuspectsAtMost)
        {
            throw new StreamsException(
                $"More than {SuspectsAtMost:N0} entries of {Scope} differ, too many for one step. "
                + "alloc projection rebuild --scope all builds a generation beside.");
        }
    }

    /// <summary>Whether the task took it over and committed; false when it must be asked again.</summary>
    private async Task<bool> IsTakenAsync(ProjectionScratch scratch, CancellationToken cancellation)
    {
        await UntilAsync(s => s is RepairStage.Applied or RepairStage.Done or RepairStage.Lost, cancellation)
            .ConfigureAwait(false);
        if (repair.Stage == RepairStage.Applied)
        {
            // An idle partition reports no commit; there the entries stand still.
            await UntilAsync(
                s => s is RepairStage.Done or RepairStage.Lost
                    || suspects.All(e => Live().Compare(e, scratch.Reads, NowMs) is null),
                cancellation).ConfigureAwait(false);
            repair.Seen();
        }
        return repair.Stage == RepairStage.Done;
    }

    private async Task UntilAsync(Func<RepairStage, bool> isSo, CancellationToken cancellation)
    {
        using var poll = new PeriodicTimer(Look, time);
        var started = time.GetTimestamp();
        while (!isSo(repair.Stage))
        {
            _ = Live();
            if (time.GetElapsedTime(started) > TaskPatience)
            {
                throw new StreamsException($"The task of partition {Scope.Partition} does not answer.");
            }
            await poll.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>What the partition's entries are now.</summary>
    /// <exception cref="StreamsException">The partition is not here any more.</exception>
    private ProjectionReads Live() => generation.Failure is { } failure
        ? throw new StreamsException(failure)
        : generation.Read(Scope.Partition) ?? throw new StreamsException(
            $"Partition {Scope.Partition} is not ready at this instance now; it may have moved. Run it again.");

    private void Wipe()
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
