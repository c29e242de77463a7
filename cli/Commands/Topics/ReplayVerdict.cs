using Alloc.Schemas.Catalogue;

namespace Alloc.Cli.Commands.Topics;

/// <summary>Whether records of the past may be written to a topic: what its entry in the catalogue says.</summary>
/// <param name="Verdict">Never, only when acknowledged, or freely (null).</param>
/// <param name="Why">As the beginning of a sentence.</param>
internal sealed record ReplayVerdict(ReplayTarget? Verdict, string Why)
{
    private const string DeadLetterEnding = ".dlq";
    private static readonly string[] EngineEndings = ["-changelog", "-repartition"];

    /// <summary>True where it is never done.</summary>
    public bool IsRefused => Verdict == ReplayTarget.Never;

    /// <summary>True where somebody has to say that readers shall act on it.</summary>
    public bool Asks => Verdict == ReplayTarget.Asks;

    /// <summary>What holds for a topic.</summary>
    /// <param name="source">What is read, with the prefix.</param>
    /// <param name="target">The topic, with the prefix.</param>
    /// <param name="prefix">The deployment's prefix.</param>
    /// <param name="others">
    /// Topics that Kafka has: where they show another deployment, its topics are kept as this one's are.
    /// </param>
    public static ReplayVerdict Of(
        string source, string target, string prefix, IReadOnlyCollection<string> others)
    {
        var catalogue = TopicCatalogue.Load();
        if (source == target)
        {
            return Never($"{target} is the source itself");
        }
        if (target.StartsWith("__", StringComparison.Ordinal))
        {
            return Never($"{target} is Kafka's own");
        }
        if (EngineEndings.FirstOrDefault(e => target.EndsWith(e, StringComparison.Ordinal)) is { } ending)
        {
            return Never($"{target} is the {ending[1..]} of an application");
        }
        if (catalogue.WithPrefix(prefix).TryGet(target, out var known))
        {
            return Of(known!, target);
        }
        if (target.EndsWith(DeadLetterEnding, StringComparison.Ordinal))
        {
            return Never($"{target} takes dead letters");
        }
        return catalogue.Topics.FirstOrDefault(t => IsOfOther(t, catalogue, target, others)) is { } theirs
            ? Of(theirs, $"{target} of another deployment")
            : new ReplayVerdict(null, "");
    }

    private static ReplayVerdict Of(TopicDefinition topic, string name) => topic.ReplayInto switch
    {
        ReplayTarget.Asks => new ReplayVerdict(
            ReplayTarget.Asks, $"the readers of {name} act on what they read"),
        _ => Never($"{string.Join(" and ", topic.Writers)} alone say{(topic.Writers.Count == 1 ? "s" : "")} what is in "
            + name),
    };

    /// <summary>A name that ends as ours, behind a prefix that a deployment has.</summary>
    private static bool IsOfOther(
        TopicDefinition topic, TopicCatalogue catalogue, string target, IReadOnlyCollection<string> others) =>
        target.EndsWith(topic.Name, StringComparison.Ordinal) && target.Length > topic.Name.Length
        && others.Contains(target[..^topic.Name.Length] + catalogue.Topics[0].Name);

    private static ReplayVerdict Never(string why) => new(ReplayTarget.Never, why);
}
