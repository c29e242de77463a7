using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Cli.Replays;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Registry;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>What every <c>alloc dlq</c> command works with: Kafka, the registry, the audit.</summary>
internal sealed class LetterWork : IDisposable
{
    public static readonly Argument<string> Topic = new("topic")
    {
        Description = "The dead-letter topic, or the input that it belongs to",
    };

    public static readonly Option<bool> All = new("--all")
    {
        Description = "Those too that were replayed or discarded",
    };

    public static readonly Option<string> Reason = new("--reason")
    {
        Description = "Why, for the record",
        HelpName = "text",
        Required = true,
    };

    public static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "Show what would be done, and do nothing",
    };

    public static readonly Option<long> Scan = new Option<long>("--scan")
    {
        Description = "Records of the input that are looked through for later ones of the same key",
        DefaultValueFactory = _ => 1_000_000,
        HelpName = "count",
    }.Within(0);

    private readonly CommandContext context;
    private readonly GuardedRegistryClient registry;

    private LetterWork(CommandContext context)
    {
        this.context = context;
        Settings = ClientOptions.SettingsOf(context);
        Clients = new KafkaClients(Settings);
        registry = Registries.Client(Settings, context.Time);
        Audit = new OperatorAudit(Settings, registry, context.Time) { OnUnusable = context.Screen.Warn };
        Reader = new LetterReader(Settings);
    }

    public AllocClientOptions Settings { get; }

    public KafkaClients Clients { get; }

    public OperatorAudit Audit { get; }

    public LetterReader Reader { get; }

    /// <summary>An option that says how many letters.</summary>
    public static Option<int> LimitOf(int byDefault, string description) => new Option<int>("--limit", "-n")
    {
        Description = description,
        DefaultValueFactory = _ => byDefault,
        HelpName = "count",
    }.Within(1, LetterSelection.Most);

    public static async Task<LetterWork> OpenAsync(CommandContext context, CancellationToken cancellation)
    {
        var work = new LetterWork(context);
        try
        {
            await work.Clients.EnsureReachableAsync(cancellation).ConfigureAwait(false);
            return work;
        }
        catch
        {
            work.Dispose();
            throw;
        }
    }

    /// <summary>The topic that the command is about.</summary>
    public LetterTopic Meant() => LetterTopics.Find(Settings, Clients, context.Get(Topic));

    /// <summary>What was dealt with; without an audit (an older deployment), nothing was.</summary>
    public DealtWith Done(CancellationToken cancellation)
    {
        try
        {
            return new DealtWith(Audit.Read(cancellation));
        }
        catch (AllocException missing) when (missing.Kind == FailureKind.NotFound)
        {
            context.Screen.Warn($"{missing.Message} What was replayed or discarded is not known.");
            return new DealtWith([]);
        }
    }

    /// <summary>Which of the letters are chosen.</summary>
    public ChosenLetters Choose(
        LetterTopic topic, LetterSelection selection, DealtWith done, int limit, bool isNewest, bool takesDone,
        CancellationToken cancellation)
    {
        var progress = new ProgressLine(context.Host, "letters");
        try
        {
            var read = 0L;
            return ChosenLetters.Of(
                Reader.Letters(topic, cancellation).Select(letter =>
                {
                    progress.Show("reading", ++read, 0);
                    return letter;
                }),
                selection, done, limit, isNewest, takesDone);
        }
        finally
        {
            progress.Clear();
        }
    }

    /// <summary>What came later under the letters' keys.</summary>
    public LaterRecords Later(
        LetterTopic topic, ChosenLetters chosen, CancellationToken cancellation)
    {
        var progress = new ProgressLine(context.Host, "offsets");
        try
        {
            return LaterRecords.Find(
                Settings,
                chosen.Letters.Where(l => l.Origin is { } origin && origin.Topic == topic.Input.Name
                    && origin.Partition < topic.InputPartitionCount),
                chosen.Origins, context.Get(Scan),
                (done, total) => progress.Show("looking for later records", done, total), cancellation);
        }
        finally
        {
            progress.Clear();
        }
    }

    /// <summary>The transactions of an action on a topic's letters: one action at a time.</summary>
    public ActionTransactions Transactions(LetterTopic topic) => new(
        Settings, $"alloc-dlq-{topic.Input.Name[Settings.TopicPrefix.Length..]}",
        $"alloc dlq replay or discard of {topic.Topic}",
        $"alloc dlq list {topic.Topic[Settings.TopicPrefix.Length..]} shows what is left; the same command again does "
        + "nothing twice.",
        context.Time);

    /// <summary>A record of the audit about letters.</summary>
    public OperatorAction Action(
        string actionId, OperatorActionKind kind, LetterTopic topic, IReadOnlyCollection<RecordPosition> letters,
        string detail) => new()
        {
            ActionId = actionId,
            Kind = kind,
            Actor = Writes.ActorOf(context),
            Reason = context.Get(Reason),
            AtMs = context.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            Topic = topic.Topic,
            Target = kind == OperatorActionKind.DeadLettersReplayed ? topic.Input.Name : null,
            Positions = DealtWith.Positions(letters),
            RecordCount = letters.Count,
            Detail = detail,
        };

    public void Dispose() => registry.Dispose();
}
