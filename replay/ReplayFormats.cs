using Alloc.Client;

namespace Alloc.Replay;

/// <summary>The formats of files that can be replayed, told apart by their first line.</summary>
internal static class ReplayFormats
{
    public const string Auto = "auto";
    public const string OnlineRetail = "online-retail";

    /// <summary>What <c>--format</c> takes.</summary>
    public static readonly string[] Names = [Auto, OnlineRetail, OpenbTrace.Format, LlmTrace.Format];

    /// <summary>Plans a file.</summary>
    /// <param name="path">The file; gzip or plain.</param>
    /// <param name="format">A name of <see cref="Names"/>.</param>
    /// <param name="limit">Only the first lines; null for all.</param>
    /// <param name="options">Seed and times.</param>
    /// <param name="onReject">Called with each line that is not replayed.</param>
    /// <exception cref="InvalidDataException">The file is not of the format.</exception>
    public static Replayable Open(
        string path, string format, long? limit, ReplayOptions options, Action<RejectedLine> onReject)
    {
        using var text = RetailReader.Open(path);
        RejectedLine? first = null;
        void Reject(RejectedLine line)
        {
            first ??= line;
            onReject(line);
        }
        var (replay, known) = (format == Auto ? Recognise(path) : format) switch
        {
            OpenbTrace.Format => (Openb(path, text, limit, options, Reject), OpenbTrace.Header),
            LlmTrace.Format => (Llm(text, limit, options, Reject), LlmTrace.Header),
            _ => (Retail(text, limit, options, Reject), RetailReader.Example),
        };
        CheckAny(replay, first, known);
        return replay;
    }

    /// <summary>A replay of nothing is no success: it is a file of another form.</summary>
    private static void CheckAny(Replayable replay, RejectedLine? first, string known)
    {
        if (replay.LineCount == 0)
        {
            throw new InvalidDataException($"it has no line to replay. A line is {known}.");
        }
        if (first is not null && replay.Rejected.Values.Sum() == replay.LineCount)
        {
            throw new InvalidDataException(
                $"none of its {replay.LineCount:N0} lines can be replayed; line {first.Row} is rejected as "
                + $"{first.Reason}: {Shown(first.Text)}. A line is {known}.");
        }
    }

    private static string Recognise(string path)
    {
        using var text = RetailReader.Open(path);
        var header = text.ReadLine();
        return header switch
        {
            OpenbTrace.Header => OpenbTrace.Format,
            LlmTrace.Header => LlmTrace.Format,
            not null when RetailReader.IsHeader(header) => OnlineRetail,
            not null when header.StartsWith("PK\u0003\u0004", StringComparison.Ordinal) =>
                throw new InvalidDataException("it is a workbook or an archive: save it as CSV first."),
            _ => throw new InvalidDataException(
                $"its first line '{Shown(header)}' is the header of no known format ({string.Join(", ", Names[1..])}); "
                + "name the format with --format."),
        };
    }

    private static string Shown(string? line) => line is null ? "" : line.Length <= 80 ? line : line[..80] + "…";

    private static Replayable Retail(
        TextReader text, long? limit, ReplayOptions options, Action<RejectedLine> onReject)
    {
        var plan = new ReplayPlanner(options.Seed).Plan(text, limit, onReject, options.DateForm);
        return new Replayable
        {
            Run = $"retail-{options.Seed}",
            Service = OnlineRetail,
            Source = "warehouse",
            LineCount = plan.LineCount,
            Rejected = plan.Rejected,
            Invented = $"seed {options.Seed}: supply (80–115 % of each month's sales of a pool), hold time "
                + $"{DurationWords.Show(options.HoldTtl)} ({DurationWords.Show(options.LapseTtl)} for the 2 % left to "
                + "expire), "
                + "4 % released by the customer, 1.5 % confirmed in part, shipping on the next day, one return in five "
                + "damaged, one command in 200 sent twice",
            CreateFlow = send => new ReplayFlow(plan, options.Seed, options.HoldTtl, options.LapseTtl, send),
        };
    }

    private static Replayable Openb(
        string path, TextReader text, long? limit, ReplayOptions options, Action<RejectedLine> onReject)
    {
        var nodesPath = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, OpenbTrace.NodesFile);
        if (!File.Exists(nodesPath))
        {
            throw new InvalidDataException($"the file of nodes, {nodesPath}, is missing: it says how much there is.");
        }
        using var nodes = RetailReader.Open(nodesPath);
        return Trace(
            OpenbTrace.Plan(text, nodes, limit, onReject), OpenbTrace.Format, "cluster", options,
            "one hundredth of the nodes (the pods are a sample of what ran on them)");
    }

    private static Replayable Llm(
        TextReader text, long? limit, ReplayOptions options, Action<RejectedLine> onReject) => Trace(
            new LlmTrace(options.Seed).Plan(text, limit, onReject), LlmTrace.Format, "fleet", options,
            $"{LlmTrace.ReplicaCount} replicas of {LlmTrace.ReplicaTokens:N0} tokens and which one takes a request, "
            + $"room for an answer of {LlmTrace.LongestAnswer:N0} tokens held by each, 20 ms for each token of an "
            + "answer and 0.2 ms for each of a context, one request in five is batch work");

    private static Replayable Trace(
        TracePlan plan, string format, string source, ReplayOptions options, string invented) => new()
        {
            Run = $"{format}-{options.Seed}",
            Service = format,
            Source = source,
            LineCount = plan.LineCount,
            Rejected = plan.Rejected,
            Invented = $"seed {options.Seed}: {invented}; hold time {DurationWords.Show(options.HoldTtl)}, one command "
                + "in 200 sent twice",
            CreateFlow = send => new TraceFlow(plan, $"{format}-{options.Seed}", options.HoldTtl, send),
        };
}
