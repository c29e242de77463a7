using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Client;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>Which letters a command is about.</summary>
internal sealed class LetterSelection
{
    /// <summary>Letters that one run keeps in mind.</summary>
    public const int Most = 100_000;

    public static readonly Option<string?> Kind = new("--kind")
    {
        Description = "Only letters of this kind: invalid, unreadable, incomplete, unknown, too-large",
        HelpName = "kind",
    };

    public static readonly Option<int?> Partition = new Option<int?>("--partition", "-p")
    {
        Description = "Only this partition of the dead-letter topic",
        HelpName = "number",
    }.Within(0);

    public static readonly Option<long?> Offset = new Option<long?>("--offset")
    {
        Description = "Only the letter at this offset of the partition",
        HelpName = "offset",
    }.Within(0);

    public static readonly Option<string?> Since =
        PointInTime.Option("--since", "Only records that came into their input at this time or later");

    public static readonly Option<string?> Until =
        PointInTime.Option("--until", "Only records that came into their input before this time");

    private readonly string? kind;
    private readonly int? partition;
    private readonly long? offset;
    private readonly long? sinceMs;
    private readonly long? untilMs;

    private LetterSelection(CommandContext context, bool isBrief)
    {
        kind = context.Get(Kind);
        sinceMs = PointInTime.Get(context, Since);
        (partition, offset, untilMs) = isBrief ? (null, null, null)
            : (context.Get(Partition), context.Get(Offset), PointInTime.Get(context, Until));
    }

    /// <summary>True where one letter is named by its place.</summary>
    public bool IsOne => offset is not null;

    /// <summary>What was given by kind and time alone.</summary>
    public static LetterSelection Brief(CommandContext context) => new(context, isBrief: true);

    /// <summary>What was given, checked against the topic.</summary>
    /// <exception cref="AllocException">It makes no sense, or the partition is not there.</exception>
    public static LetterSelection Of(CommandContext context, LetterTopic topic)
    {
        var selection = new LetterSelection(context, isBrief: false);
        if (selection is { offset: not null, partition: null })
        {
            throw AllocException.Usage("--offset is of one partition.", "Give --partition too.");
        }
        if (selection.partition >= topic.PartitionCount)
        {
            throw AllocException.NotFound(
                $"{topic.Topic} has no partition {selection.partition}; it has {topic.PartitionCount}.");
        }
        return selection.sinceMs >= selection.untilMs
            ? throw AllocException.Usage("--since is not before --until.", "Give a time before it.")
            : selection;
    }

    public bool Takes(DeadLetter letter) =>
        (kind is null || letter.Kind == kind)
        && (partition is null || letter.At.Partition == partition)
        && (offset is null || letter.At.Offset == offset)
        && (sinceMs is null || letter.TimestampMs >= sinceMs)
        && (untilMs is null || letter.TimestampMs < untilMs);
}
