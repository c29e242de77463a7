using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Servers;
using Alloc.Cli.Kafka;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Host;
using Alloc.Host.Lag;
using Alloc.Processors.Notation;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Registry;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.Doctor;

/// <summary>
/// What answers over the network: Kafka and its topics, the registry, an instance; or which ports are free for alloc
/// dev.
/// </summary>
internal static class ClusterChecks
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(30);
    private const int Shown = 3;
    private static readonly TimeSpan MaximumSkew = TimeSpan.FromMinutes(1);

    public static async IAsyncEnumerable<Finding> RunAsync(
        CommandContext context, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        var clients = new KafkaClients(settings);
        if (await KafkaAwayAsync(clients, context, cancellation).ConfigureAwait(false) is { } away)
        {
            yield return away;
            foreach (var port in FreePorts(context))
            {
                yield return port;
            }
            yield break;
        }
        yield return Broker(clients, settings);
        foreach (var finding in await TopicsAsync(clients, settings).ConfigureAwait(false))
        {
            yield return finding;
        }
        yield return await RegistryAsync(settings, context.Time, cancellation).ConfigureAwait(false);
        yield return await Task.Run(() => Decisions(context, settings), cancellation).ConfigureAwait(false);
        yield return await InstanceAsync(context, cancellation).ConfigureAwait(false);
        yield return await ClockAsync(context, settings, cancellation).ConfigureAwait(false);
    }

    /// <summary>Nothing runs yet is no fault of the machine unless an address was given.</summary>
    private static async Task<Finding?> KafkaAwayAsync(
        KafkaClients clients, CommandContext context, CancellationToken cancellation)
    {
        try
        {
            await clients.EnsureReachableAsync(cancellation).ConfigureAwait(false);
            return null;
        }
        catch (AllocException e) when (e.Kind == FailureKind.Unavailable)
        {
            return context.IsGiven(ClientOptions.Bootstrap)
                ? Finding.Fail("Kafka", e.Message, e.Remedy ?? "start it")
                : Finding.Warn("Kafka", e.Message, "start 'alloc dev', or give --bootstrap");
        }
    }

    private static IEnumerable<Finding> FreePorts(CommandContext context)
    {
        (string Use, SettingOption<int> Option)[] ports =
            [("Kafka", ServerOptions.KafkaPort), ("registry", ServerOptions.RegistryPort), ("console",
                ServerOptions.ConsolePort)];
        foreach (var (use, option) in ports)
        {
            var port = context.Get(option);
            Finding finding;
            try
            {
                Ports.EnsureFree([new WantedPort(use, "127.0.0.1", port, option.Name)]);
                finding = Finding.Ok($"port {port}", $"free for {use}");
            }
            catch (AllocException)
            {
                finding = Finding.Warn(
                    $"port {port}", $"in use; alloc dev wants it for {use}", $"{option.Name} moves it");
            }
            yield return finding;
        }
    }

    private static Finding Broker(KafkaClients clients, AllocClientOptions settings)
    {
        try
        {
            using var admin = clients.Admin();
            var started = Stopwatch.GetTimestamp();
            var metadata = admin.GetMetadata(settings.Timeout);
            return Finding.Ok(
                "Kafka",
                $"{settings.Bootstrap}, {metadata.Brokers.Count} broker(s), {metadata.Topics.Count} topics, " +
                $"answers in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms");
        }
        catch (KafkaException e)
        {
            return Finding.Fail("Kafka", e.Error.Reason, "check --kafka-config and the broker's log");
        }
    }

    private static async Task<IReadOnlyList<Finding>> TopicsAsync(KafkaClients clients, AllocClientOptions settings)
    {
        using var admin = clients.Admin();
        var provisioner = new TopicProvisioner(admin, settings.Timeout);
        var prefix = settings.TopicPrefix;
        try
        {
            var catalogue = provisioner.Adopt(
                TopicCatalogue.Load().WithPrefix(prefix), prefix + TopicNames.Commands, null);
            var problems = await provisioner.VerifyAsync(catalogue).ConfigureAwait(false);
            return problems.Count == 0
                ? [Finding.Ok("topics", $"{catalogue.Topics.Count} as the catalogue says, "
                    + $"{catalogue[prefix + TopicNames.Commands].PartitionCount} partitions")]
                : [.. problems.Select(p => new Finding(
                    p.IsFatal ? Verdict.Fail : Verdict.Warn, "topics", $"{p.Topic} {p.Problem}", p.Remedy))];
        }
        catch (KafkaException e)
        {
            return [Finding.Fail("topics", e.Error.Reason, "the rights to describe topics may be missing")];
        }
    }

    private static async Task<Finding> RegistryAsync(
        AllocClientOptions settings, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            using var registry = Registries.Client(settings, time);
            var subjects = await registry.GetAllSubjectsAsync().WaitAsync(cancellation).ConfigureAwait(false);
            return Finding.Ok("registry", $"{settings.Registry}, {subjects.Count} subjects");
        }
        catch (RegistryUnavailableException e)
        {
            return Finding.Fail("registry", e.Message, $"{e.Remedy} --registry names another address".TrimStart());
        }
        catch (Exception e) when (e is RegistryRefusedException or AllocException)
        {
            return Finding.Fail("registry", e.Message, "check --registry");
        }
    }

    /// <summary>Whether what was sent is decided, measured to the end of the log, whichever instance should.</summary>
    private static Finding Decisions(CommandContext context, AllocClientOptions settings)
    {
        var group = context.Get(ServerOptions.ApplicationId);
        try
        {
            using var watch = GroupLooks.Watch(settings, context.Time, group);
            var report = GroupLooks.Look(watch);
            if (report.Groups.SingleOrDefault(g => g.Name == group) is not { } read)
            {
                return report.Problem is { } problem
                    ? Finding.Fail("decisions", problem, "the rights to describe groups may be missing")
                    : Finding.Warn(
                        "decisions", $"there is no group {group}: nothing decides",
                        "start 'alloc serve', or give its --application-id");
            }
            var nowMs = context.Time.GetUtcNow().ToUnixTimeMilliseconds();
            var waiting = read.Partitions
                .Where(p => p.LagRecords > 0 && (p.Why is not null || p.Age(nowMs) is not { } age || age > Late))
                .OrderByDescending(p => p.Age(nowMs) ?? TimeSpan.MaxValue).ToList();
            return waiting.Count == 0
                ? Finding.Ok("decisions", $"group {group} is at the end of its {read.Partitions.Count} partitions")
                : Finding.Warn(
                    "decisions",
                    string.Join("; ", waiting.Take(Shown).Select(p => Show(p, nowMs)))
                        + (waiting.Count > Shown ? $"; and {waiting.Count - Shown} more" : ""),
                    ShellLine.Of("alloc group describe", group)
                        + " shows all; docs/operations.md, \"Recover\", says what to do");
        }
        catch (AllocException e)
        {
            return Finding.Fail("decisions", e.Message, "the rights to describe groups may be missing");
        }
    }

    private static string Show(PartitionLag waiting, long nowMs) =>
        $"{waiting.Partition}: {waiting.LagRecords} records wait"
        + (waiting.Age(nowMs) is { } age ? $", the oldest for {Duration.Show(age)}" : "")
        + (waiting.Why is null ? "" : $": {waiting.Why}");

    private static async Task<Finding> InstanceAsync(CommandContext context, CancellationToken cancellation)
    {
        try
        {
            using var console = JsonHttp.Console(context);
            var (status, body) = await console.TryAsync(HttpMethod.Get, "readyz", cancellation).ConfigureAwait(false);
            var seen = $"{context.Get(ClientOptions.Console)}, {body?["state"]}";
            var waits = (body?["waitingFor"]?.AsArray() ?? [])
                .Select(w => (string?)w?["reason"]).OfType<string>().ToList();
            return (int)status == 200 ? Finding.Ok("instance", seen)
                : waits.Count > 0 ? Finding.Fail(
                    "instance", $"{seen}: {string.Join("; ", waits)}",
                    "docs/operations.md, \"Recover\", says what to do")
                : Finding.Warn(
                    "instance",
                    $"{seen}, not ready: " + string.Join(
                        "; ", (body?["waitingFor"] as JsonArray ?? []).Select(w => w?["reason"]?.ToString())),
                    "wait, or look at its log");
        }
        catch (AllocException e)
        {
            return Finding.Warn("instance", e.Message, e.Remedy ?? "check --console");
        }
    }

    /// <summary>
    /// The registry's clock against this machine's; decisions follow the broker's, which should agree with both.
    /// </summary>
    private static async Task<Finding> ClockAsync(
        CommandContext context, AllocClientOptions settings, CancellationToken cancellation)
    {
        using var http = new HttpClient { Timeout = settings.Timeout };
        DateTimeOffset? theirs;
        try
        {
            using var response = await http.GetAsync(new Uri(settings.Registry, "subjects"), cancellation)
                .ConfigureAwait(false);
            theirs = response.Headers.Date;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            theirs = null;
        }
        if (theirs is not { } date)
        {
            return Finding.Warn("clock", "the registry does not say what time it is",
                "compare the clocks of the machines by other means");
        }
        var skew = (context.Time.GetUtcNow() - date).Duration();
        var seen = $"within {Math.Max(1, Math.Ceiling(skew.TotalSeconds))} s of the registry's";
        return skew > MaximumSkew ? Finding.Fail(
            "clock", seen, "records a minute ahead of an instance pause their partition: run an NTP client")
            : skew > Tolerance ? Finding.Warn("clock", seen, "run an NTP client")
            : Finding.Ok("clock", seen);
    }
}
