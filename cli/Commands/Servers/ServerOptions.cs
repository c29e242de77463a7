using System.CommandLine.Parsing;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Host.Metrics;
using Alloc.Host.Roles;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Alloc.Cli.Commands.Servers;

/// <summary>Options of <c>alloc dev</c> and <c>alloc serve</c>.</summary>
internal static class ServerOptions
{
    public static readonly SettingOption<string> DataDirectory = new("--data-dir", "Where everything is kept on disk")
    {
        DefaultValueFactory = _ => "./data",
        HelpName = "folder",
    };

    public static readonly SettingOption<int> KafkaPort = Port("--kafka-port", "The embedded broker's port", 9092);

    public static readonly SettingOption<int> RegistryPort = Port(
        "--registry-port", "The embedded registry's port", 8081);

    public static readonly SettingOption<int> ConsolePort = Port(
        "--console-port", "The port of HTTP reads, health and metrics", 8233);

    public static readonly SettingOption<string> ConsoleHost = new(
        "--console-host", "The address HTTP listens on; not loopback: needs credentials and TLS")
    {
        DefaultValueFactory = _ => "127.0.0.1",
        HelpName = "address",
    };

    public static readonly SettingOption<string?> ConsoleUrl = new(
        "--console-url", "The HTTP address under which other instances reach this one")
    {
        HelpName = "url",
    };

    public static readonly SettingOption<string?> ConsoleCredentials = new(
        "--console-credentials", "File of 'role name sha256-of-token' lines")
    {
        HelpName = "file",
    };

    public static readonly SettingOption<string?> ConsoleCertificate = new(
        "--console-certificate", "PEM (certificate and key) or PFX file")
    {
        HelpName = "file",
    };

    public static readonly SettingOption<bool> BehindTlsProxy = new(
        "--console-behind-tls-proxy", "Another process speaks TLS for this one");

    public static readonly SettingOption<int> Partitions = Positive(
        "--partitions", "Partitions of topics that are created", 4);

    public static readonly SettingOption<int> Replication = Positive(
        "--replication", "Replicas of topics that are created", 1);

    public static readonly SettingOption<int> Threads = Positive(
        "--threads", "Stream threads; partitions are spread over them", 1);

    public static readonly SettingOption<string> ApplicationId = new(
        "--application-id", "The consumer group, and the first part of transactional ids")
    {
        DefaultValueFactory = _ => "allocation",
        HelpName = "id",
    };

    public static readonly SettingOption<string?> CheckpointDirectory = new(
        "--checkpoint-dir", "Where checkpoints go, shared by all instances")
    {
        HelpName = "folder",
    };

    public static readonly SettingOption<TimeSpan?> CheckpointInterval = new(
        "--checkpoint-interval", "How often a checkpoint is taken; never if not given")
    {
        CustomParser = result => Duration.Between(TimeSpan.FromSeconds(1), TimeSpan.FromDays(30))(result),
        HelpName = "duration",
    };

    public static readonly SettingOption<TimeSpan> NotReadyAfter = new(
        "--not-ready-after",
        "How long nothing may be decided while commands wait, or Kafka be silent, before /readyz says 503")
    {
        CustomParser = Duration.Parse,
        DefaultValueFactory = _ => TimeSpan.FromSeconds(5),
        HelpName = "duration",
    };

    public static readonly SettingOption<TimeSpan> ScanInterval = new(
        "--scan-interval",
        "How often each partition of the search is compared with the ledger; 0s: only by alloc reconcile scan")
    {
        CustomParser = Duration.Between(TimeSpan.Zero, TimeSpan.FromDays(30)),
        DefaultValueFactory = _ => TimeSpan.FromHours(1),
        HelpName = "duration",
    };

    public static readonly SettingOption<string?> OtlpEndpoint = new(
        "--otlp-endpoint", "A collector that metrics are sent to (OTLP over HTTP); not loopback: https")
    {
        HelpName = "url",
    };

    public static readonly SettingOption<IReadOnlySet<InstanceRole>?> Roles = new(
        "--roles", $"What this instance does: {string.Join(',', Enum.GetValues<InstanceRole>().Select(
            InstanceRoles.Word))}, or all; all but the shadow if not given")
    {
        CustomParser = RolesOf,
        HelpName = "role[,role…]",
    };

    public static readonly SettingOption<bool> NoProjection = new(
        "--no-projection", "Leave out the role projection: reservations are not searched for at this instance");

    public static readonly SettingOption<bool> Shadow = new(
        "--shadow", "Add the role shadow: decide slices in mode Shadow, to allocation.shadow.outcomes only");

    /// <summary>What the engine's producers compress with; each server has a default of its own.</summary>
    public static SettingOption<CompressionType> Compression(CompressionType byDefault) =>
        Choice.Of<SettingOption<CompressionType>, CompressionType>(
            new SettingOption<CompressionType>("--compression", "What the engine's records are compressed with"),
            byDefault);

    public static readonly SettingOption<LogLevel> Level = Choice.Of<SettingOption<LogLevel>, LogLevel>(
        new SettingOption<LogLevel>("--log-level", "Which lines are logged on standard error"), LogLevel.Warning);

    /// <summary>The collector that was given; null for none.</summary>
    /// <exception cref="AllocException">It is no address, or metrics would leave the machine without TLS.</exception>
    public static Uri? Otlp(CommandContext context)
    {
        if (context.Get(OtlpEndpoint) is not { Length: > 0 } text)
        {
            return null;
        }
        var endpoint = ClientOptions.Url(text, OtlpEndpoint.Name);
        return OtlpMetrics.Refusal(endpoint) is { } refusal
            ? throw AllocException.Usage($"{OtlpEndpoint.Name}: {text} {refusal}")
            : endpoint;
    }

    /// <summary>What the instance does, by all three options.</summary>
    /// <exception cref="AllocException">They contradict one another, or leave nothing to do.</exception>
    public static IReadOnlySet<InstanceRole> RolesOf(CommandContext context)
    {
        var given = context.Get(Roles);
        var roles = (given ?? InstanceRoles.Usual).ToHashSet();
        if (context.Get(Shadow))
        {
            roles.Add(InstanceRole.Shadow);
        }
        if (context.Get(NoProjection))
        {
            if (given?.Contains(InstanceRole.Projection) == true)
            {
                throw AllocException.Usage(
                    $"{Roles.Name} names the projection, and {NoProjection.Name} leaves it out.",
                    "Leave one of them out.");
            }
            roles.Remove(InstanceRole.Projection);
        }
        return roles.Count > 0 ? roles : throw AllocException.Usage("The instance would have no role.");
    }

    private static HashSet<InstanceRole> RolesOf(ArgumentResult result)
    {
        var roles = new HashSet<InstanceRole>();
        foreach (var word in result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (string.Equals(word, "all", StringComparison.OrdinalIgnoreCase))
            {
                roles.UnionWith(Enum.GetValues<InstanceRole>());
            }
            else if (Enum.GetValues<InstanceRole>().Where(r => string.Equals(
                InstanceRoles.Word(r), word, StringComparison.OrdinalIgnoreCase)).ToList() is [var role])
            {
                roles.Add(role);
            }
            else
            {
                result.AddError(
                    $"'{word}' is none of "
                    + $"{string.Join(", ", Enum.GetValues<InstanceRole>().Select(InstanceRoles.Word))}, all.");
            }
        }
        return roles;
    }

    private static SettingOption<int> Port(string name, string description, int byDefault)
    {
        var option = new SettingOption<int>(name, description)
        {
            DefaultValueFactory = _ => byDefault,
            HelpName = "port",
        };
        return option.Within(0, 65_535, $"{name} is a port, 0 (any free one) to 65535.");
    }

    private static SettingOption<int> Positive(string name, string description, int byDefault)
    {
        var option = new SettingOption<int>(name, description)
        {
            DefaultValueFactory = _ => byDefault,
            HelpName = "count",
        };
        return option.Within(1, words: $"{name} is at least 1.");
    }
}
