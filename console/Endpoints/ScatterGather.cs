using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Alloc.Web.Reads;
using Microsoft.AspNetCore.Http;

namespace Alloc.Web.Endpoints;

/// <summary>Puts one answer together from the parts of partitions.</summary>
internal interface IGathered
{
    /// <summary>
    /// Takes a partition's part from this instance; false where it is not here and ready all the time, or, with a
    /// <paramref name="fault"/>, where it is here and cannot be read. Then nothing was taken.
    /// </summary>
    bool TryTake(int partition, out string? fault);

    /// <summary>
    /// The same from what was here when Kafka was heard last; false where it is not known to have been here.
    /// </summary>
    bool TryTakeLast(int partition);

    /// <summary>Takes the parts of these partitions, and of no others, out of another instance's answer.</summary>
    void Take(JsonObject answer, IReadOnlySet<int> partitions);
}

/// <summary>
/// Answers that need every partition of a topic. It asks for partitions, not for instances: each owner is told which
/// ones it should have and says which ones it answered for. One that nobody answered for is looked up anew, for it may
/// have moved in between, and is named in the answer when it still is absent.
/// </summary>
internal sealed class ScatterGather(int partitionCount, IPartitionOwners owners, Peers peers)
{
    /// <summary>Lists the partitions that another instance asks for.</summary>
    public const string PartitionsHeader = "Alloc-Partitions";

    /// <summary>The member of an answer to another instance that lists the partitions it covers.</summary>
    public const string Answered = "answered";

    private const int Rounds = 3;

    /// <summary>Gathers the parts of all partitions, or of those that another instance asks for.</summary>
    public async Task<GatherReport> GatherAsync(HttpContext context, IGathered into)
    {
        var report = new GatherReport(Peers.IsForwarded(context.Request));
        var pending = new SortedSet<int>(Wanted(context.Request));
        var asked = new Dictionary<int, Uri>();
        for (var round = 0; round < Rounds && pending.Count > 0; round++)
        {
            TakeHere(into, pending, report);
            var questions = await LocateAsync(context, into, pending, asked, round > 0, report).ConfigureAwait(false);
            if (questions.Count == 0)
            {
                break;
            }
            var answers = await Task.WhenAll(questions.Select(async q => (
                Owner: q.Key, Partitions: q.Value,
                Answer: await peers.AskAsync(
                    q.Key, context.Request, context.RequestAborted, partitions: q.Value).ConfigureAwait(false))))
                .ConfigureAwait(false);
            foreach (var (owner, partitions, answer) in answers)
            {
                Take(into, owner, partitions, answer, pending, report);
            }
        }
        return report;
    }

    /// <summary>What was here and was taken, or cannot be read, is settled.</summary>
    private static void TakeHere(IGathered into, SortedSet<int> pending, GatherReport report)
    {
        foreach (var partition in pending.ToList())
        {
            if (into.TryTake(partition, out var fault))
            {
                report.Has(partition);
                pending.Remove(partition);
            }
            else if (fault is not null)
            {
                report.Misses(partition, fault);
                pending.Remove(partition);
            }
        }
    }

    /// <summary>Whom to ask for what; whoever was asked for a partition is not asked for it again.</summary>
    private async Task<Dictionary<Uri, SortedSet<int>>> LocateAsync(
        HttpContext context, IGathered into, SortedSet<int> pending, Dictionary<int, Uri> asked, bool isFresh,
        GatherReport report)
    {
        var questions = new Dictionary<Uri, SortedSet<int>>();
        foreach (var partition in pending.ToList())
        {
            var place = await owners.FindAsync(partition, isFresh, context.RequestAborted).ConfigureAwait(false);
            if (!place.IsCurrent && into.TryTakeLast(partition))
            {
                report.Has(partition);
                pending.Remove(partition);
            }
            else if (place.Owner is not { } owner)
            {
                report.Misses(partition, place.Detail);
            }
            else if (report.IsForwarded)
            {
                report.Misses(partition, $"{place.Detail} It is not here.");
            }
            else if (!asked.TryGetValue(partition, out var before) || before != owner)
            {
                asked[partition] = owner;
                if (!questions.TryAdd(owner, [partition]))
                {
                    questions[owner].Add(partition);
                }
            }
        }
        return questions;
    }

    private static void Take(
        IGathered into, Uri owner, SortedSet<int> partitions, (HttpStatusCode Status, JsonNode? Body)? answer,
        SortedSet<int> pending, GatherReport report)
    {
        var body = answer is { Status: HttpStatusCode.OK, Body: JsonObject whole } ? whole : null;
        var covered = Covered(body);
        covered.IntersectWith(partitions);
        if (covered.Count > 0)
        {
            into.Take(body!, covered);
        }
        var reasons = (body?["missing"] as JsonArray ?? []).OfType<JsonObject>()
            .ToDictionary(m => m["partition"]!.GetValue<int>(), m => m["why"]!.GetValue<string>());
        foreach (var partition in partitions)
        {
            if (covered.Contains(partition))
            {
                report.Has(partition);
                pending.Remove(partition);
                continue;
            }
            report.Misses(
                partition,
                reasons.TryGetValue(partition, out var reason) ? $"{owner} says: {reason}" : Silence(owner, answer));
        }
    }

    private static string Silence(Uri owner, (HttpStatusCode Status, JsonNode? Body)? answer) => answer switch
    {
        null => $"{owner}, which has it, does not answer.",
        { Status: HttpStatusCode.OK } =>
            $"{owner} does not say which partitions it answers for; it may be of an older version.",
        { } refusal => $"{owner}, which has it, answers {(int)refusal.Status}"
            + ((refusal.Body as JsonObject)?["detail"] is { } detail ? $": {detail}" : "."),
    };

    private static HashSet<int> Covered(JsonObject? body) =>
        body?[Answered] is JsonArray covered ? [.. covered.Select(p => p!.GetValue<int>())] : [];

    private IEnumerable<int> Wanted(HttpRequest request)
    {
        var all = Enumerable.Range(0, partitionCount);
        if (!Peers.IsForwarded(request) || request.Headers[PartitionsHeader].ToString() is not { Length: > 0 } list)
        {
            return all;
        }
        var named = list.Split(',').Select(
            text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1)
                .ToHashSet();
        return all.Where(named.Contains);
    }
}

/// <summary>Which partitions an answer has, and why it does not have the others.</summary>
internal sealed class GatherReport(bool isForwarded)
{
    private readonly SortedDictionary<int, string> missing = [];
    private readonly SortedSet<int> has = [];

    /// <summary>Whether another instance asked, which looks for what is missing itself.</summary>
    public bool IsForwarded => isForwarded;

    /// <summary>The partitions that are missing.</summary>
    public IReadOnlyCollection<int> Missing => missing.Keys;

    /// <summary>The answer has a partition.</summary>
    public void Has(int partition)
    {
        has.Add(partition);
        missing.Remove(partition);
    }

    /// <summary>The answer does not have a partition, as far as is known.</summary>
    public void Misses(int partition, string why)
    {
        has.Remove(partition);
        missing[partition] = why;
    }

    /// <summary>
    /// What an earlier page of the same listing did not have stays missing: what came before this page was never shown.
    /// </summary>
    public void CarryOver(IEnumerable<int> earlier)
    {
        foreach (var partition in earlier)
        {
            missing.TryAdd(
                partition, $"Partition {partition} was missing on an earlier page; begin again to see all of it.");
        }
    }

    /// <summary>Says in an answer whether it is whole, and what is missing.</summary>
    public void WriteTo(JsonObject answer)
    {
        answer["complete"] = missing.Count == 0;
        answer["missing"] = new JsonArray([.. missing.Select(m => (JsonNode)new JsonObject
        {
            ["partition"] = m.Key,
            ["why"] = m.Value,
        })]);
        if (isForwarded)
        {
            answer[ScatterGather.Answered] = new JsonArray([.. has.Select(p => (JsonNode)p)]);
        }
    }
}
