using Alloc.Client;
using Alloc.Engine.Runtime;
using Alloc.Host.Projection.Scanning;
using Alloc.Host.Roles;
using Alloc.Processors.Allocation;
using Confluent.SchemaRegistry;

namespace Alloc.Host.Projection;

/// <summary>What the search projection of one instance runs with.</summary>
internal sealed record ProjectionHostOptions
{
    /// <summary>After a switch the generation before goes on answering who still asks for it.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private const int CommitPaceMs = 100;
    private const int UnwrittenRecords = 20_000;

    public required AllocClientOptions Client { get; init; }

    /// <summary>The application that decides, whose outcomes are folded.</summary>
    public required AllocationOptions Allocation { get; init; }

    /// <summary>What the allocation application runs with; the projection differs in what it says here.</summary>
    public required StreamsOptions Engine { get; init; }

    /// <summary>How it is compared with the ledger.</summary>
    public required ScanningOptions Scanning { get; init; }

    /// <summary>Where reconciliation asks for what is to be built anew.</summary>
    public required string RequestTopic { get; init; }

    /// <summary>Schemas of what instances say to each other.</summary>
    public required ISchemaRegistryClient Registry { get; init; }

    /// <summary>The application id of generation 0, and what those of the others begin with.</summary>
    public string BaseId => $"{Engine.ApplicationId}-projection";

    /// <summary>The file that says which generation answers.</summary>
    public string GenerationFile => Path.Combine(Engine.StateDirectory, $"{BaseId}.generation");

    /// <summary>Where a scope is built anew; wiped before and after.</summary>
    public string ScratchDirectory => Path.Combine(Engine.StateDirectory, $"{BaseId}.scratch");

    public string IdOf(int generation) => generation == 0 ? BaseId : $"{BaseId}-g{generation}";

    /// <summary>The generation of an application id; null when it is another's.</summary>
    public int? GenerationOf(string applicationId) =>
        applicationId == BaseId ? 0
        : applicationId.StartsWith($"{BaseId}-g", StringComparison.Ordinal)
            && int.TryParse(applicationId.AsSpan(BaseId.Length + 2), out var number) ? number
        : null;

    /// <summary>Searches need no hurry: fewer and larger transactions leave the machine to the decisions.</summary>
    public StreamsOptions EngineOf(int generation) => Engine with
    {
        ApplicationId = IdOf(generation),
        CheckpointDirectory = null,
        CheckpointInterval = null,
        ThreadCount = 1,
        ThreadStarts = StandBack.ForThisThread,
        ProducersPerThread = 1,
        CommitPace = TimeSpan.FromMilliseconds(CommitPaceMs),
        CommitInterval = TimeSpan.FromMilliseconds(2 * CommitPaceMs),
        // What was decided is shown, whatever time it is stamped with: nothing falls due here.
        MaxClockSkew = TimeSpan.FromDays(36_500),
        State = Engine.State with
        {
            // A page looks through what is not written to the database yet, and nobody decides by what is cached.
            WriteAfterRecordCount = UnwrittenRecords,
            MaximumUnwrittenRecordCount = 4 * UnwrittenRecords,
            WriteAfterBytes = 16L << 20,
            DatabaseMemoryBytes = Engine.State.DatabaseMemoryBytes / 2,
            CachedEntryCount = Engine.State.CachedEntryCount / 4,
        },
    };
}
