using System.CommandLine;
using Alloc.Client;
using Alloc.Processors.Notation;

namespace Alloc.Cli.CommandLine;

/// <summary>Where Kafka, the registry and an instance of Alloc are, and how to be let in.</summary>
internal static class ClientOptions
{
    public static readonly SettingOption<string> Bootstrap = new(
        "--bootstrap", "Kafka's address, host:port[,host:port…]", "-b")
    {
        DefaultValueFactory = _ => "localhost:9092",
        HelpName = "host:port",
    };

    public static readonly SettingOption<string> Registry = new("--registry", "The schema registry's address")
    {
        DefaultValueFactory = _ => "http://localhost:8081",
        HelpName = "url",
    };

    public static readonly SettingOption<string?> RegistryUser = new(
        "--registry-user", "Basic authentication at the registry")
    {
        HelpName = "user:password",
    };

    public static readonly SettingOption<string?> RegistryConfig = new(
        "--registry-config",
        "File of registry client properties, key=value a line (schema.registry.bearer.auth.*, schema.registry.ssl.*)")
    {
        HelpName = "file",
    };

    public static readonly SettingOption<string> Console = new("--console", "The HTTP address of an instance of Alloc")
    {
        DefaultValueFactory = _ => "http://localhost:8233",
        HelpName = "url",
    };

    public static readonly SettingOption<string?> ConsoleToken = new(
        "--console-token", "The bearer token for that address")
    {
        HelpName = "token",
    };

    public static readonly SettingOption<string> Prefix = new("--topic-prefix", "What stands before every topic's name")
    {
        DefaultValueFactory = _ => "",
        HelpName = "prefix",
        MayBeEmpty = true,
    };

    public static readonly SettingOption<string?> KafkaConfig =
        new("--kafka-config", "File of Kafka client properties, key=value a line (security.protocol, sasl.*, ssl.*)")
        {
            HelpName = "file",
        };

    public static readonly Option<string[]> KafkaProperty = new("-X")
    {
        Description = "One Kafka client property; may be repeated",
        HelpName = "key=value",
        DefaultValueFactory = _ => [],
    };

    public static readonly SettingOption<TimeSpan> Timeout = new(
        "--timeout", "How long to wait for an answer, 10s if not given")
    {
        CustomParser = Duration.Between(TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1)),
        HelpName = "duration",
    };

    /// <summary>A command that talks to Kafka.</summary>
    public static Command TalksToKafka(this Command command) =>
        command.Takes(Bootstrap, Prefix, KafkaConfig, KafkaProperty, Timeout);

    /// <summary>A command that reads or writes contracts.</summary>
    public static Command TalksToRegistry(this Command command) =>
        command.Takes(Registry, RegistryUser, RegistryConfig);

    /// <summary>A command that asks a running instance.</summary>
    public static Command TalksToConsole(this Command command) => command.Takes(Console, ConsoleToken);

    /// <summary>The same as values.</summary>
    public static AllocClientOptions SettingsOf(CommandContext context) => new()
    {
        Bootstrap = context.Get(Bootstrap) ?? "localhost:9092",
        Registry = Url(context.Get(Registry) ?? "http://localhost:8081", "--registry"),
        RegistryUser = context.Get(RegistryUser),
        RegistryProperties = Clients.RegistryProperties.Read(context.Get(RegistryConfig)),
        ClientId = "alloc-cli",
        WhenUnreachable = "Is 'alloc dev' running? --bootstrap or ALLOC_BOOTSTRAP names another address.",
        TopicPrefix = context.Get(Prefix) ?? "",
        KafkaProperties = Kafka.KafkaProperties.Read(
            context.Get(KafkaConfig), context.Get(KafkaProperty) ?? []),
        Timeout = context.IsGiven(Timeout)
            ? context.Get(Timeout)
            : TimeSpan.FromSeconds(10),
    };

    /// <summary>
    /// The options, as they would have to be repeated in another command; empty where all are the defaults.
    /// </summary>
    public static string Repeat(CommandContext context)
    {
        Option[] options =
        [
            Bootstrap, Registry, RegistryConfig, Prefix, KafkaConfig,
        ];
        var words = options
            .Where(o => context.IsGiven(o) && string.IsNullOrEmpty(context.Host.Environment(((ISetting)o).Variable)))
            .SelectMany(o => new[] { o.Name, context.Parsed.GetResult(o)!.Tokens[0].Value });
        return string.Join(' ', words.Select(ShellLine.Quote));
    }

    /// <summary>An http or https address.</summary>
    public static Uri Url(string text, string option) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw AllocException.Usage($"{option}: '{text}' is not an http or https address.");
}
