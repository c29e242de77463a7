using Alloc.Client;

namespace Alloc.Bench.Truth;

/// <summary>
/// An <c>alloc serve</c> for each role, so that each dies alone: killed with -9 and started again over what it left.
/// </summary>
internal sealed class RoleProcesses(BenchRun run, AllocClientOptions settings) : IAsyncDisposable
{
    private const string Compares = "reconciliation";
    private static readonly string[] Roles = ["allocation", "by-order", "supply-bridge", Compares];
    private readonly Dictionary<string, EngineProcess> running = [];
    private readonly List<EngineProcess> ended = [];
    private readonly Lock gate = new();

    /// <summary>The roles.</summary>
    public static IReadOnlyList<string> Names => Roles;

    /// <summary>How often each was killed.</summary>
    public SortedDictionary<string, int> Kills { get; } = new(StringComparer.Ordinal);

    /// <summary>Where reconciliation answers.</summary>
    public string Console => Of(Compares).Console;

    /// <summary>Mismatches that are not closed; null: nobody answers.</summary>
    public async Task<long?> OpenMismatchesAsync(CancellationToken cancellation)
    {
        try
        {
            var counts = await Of(Compares).GetAsync("v1/mismatch-counts", cancellation).ConfigureAwait(false);
            return counts["open"]!.AsArray().Sum(c => c!["count"]!.GetValue<long>());
        }
        catch (HttpRequestException)
        {
            return null;
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Processor time of the processes that run now.</summary>
    public IReadOnlyList<(string Role, ThreadTimes Times)> ReadTimes() =>
        [.. Roles.Select(r => (r, Of(r).ReadTimes()))];

    /// <summary>Starts all, the one that decides first.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        foreach (var role in Roles)
        {
            var engine = await EngineProcess.StartAsync(
                settings, run.Options, role, null, run.Time, cancellation, role).ConfigureAwait(false);
            lock (gate)
            {
                running[role] = engine;
            }
        }
    }

    /// <summary>Kills one, and starts it again after a while.</summary>
    public async Task KillAsync(string role, TimeSpan away, CancellationToken cancellation)
    {
        await StopAsync(role).ConfigureAwait(false);
        await Task.Delay(away, run.Time, cancellation).ConfigureAwait(false);
        Begin(role);
    }

    /// <summary>Kills one.</summary>
    public async Task StopAsync(string role)
    {
        Kills[role] = Kills.GetValueOrDefault(role) + 1;
        await Of(role).KillAsync().ConfigureAwait(false);
    }

    /// <summary>Starts one that was killed, and does not wait for it.</summary>
    public void Begin(string role)
    {
        lock (gate)
        {
            // Whoever asks it just now is answered by nobody, not by an error of ours.
            ended.Add(running[role]);
            running[role] = EngineProcess.Begin(settings, run.Options, role, null, run.Time, role, null);
        }
    }

    /// <summary>Waits until one is ready.</summary>
    public Task ReadyAsync(string role, CancellationToken cancellation) =>
        Of(role).UntilAnsweredAsync("readyz", (_, _) => true, $"a ready {role}", cancellation);

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in running.Values.Concat(ended))
        {
            await engine.DisposeAsync().ConfigureAwait(false);
        }
    }

    private EngineProcess Of(string role)
    {
        lock (gate)
        {
            return running[role];
        }
    }
}
