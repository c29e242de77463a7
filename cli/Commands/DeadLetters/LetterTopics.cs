using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Catalogue;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>A dead-letter topic and the input whose records it takes.</summary>
/// <param name="Topic">Its name, with the prefix.</param>
/// <param name="Input">The input.</param>
/// <param name="PartitionCount">Partitions of the dead-letter topic.</param>
/// <param name="InputPartitionCount">Partitions of the input.</param>
internal sealed record LetterTopic(string Topic, TopicDefinition Input, int PartitionCount, int InputPartitionCount)
{
    /// <summary>Why a letter cannot be sent back to where it came from; null where it can.</summary>
    public string? Refusal(DeadLetter letter) => letter.Origin switch
    {
        null => "it does not say where it came from",
        { } origin when origin.Topic != Input.Name =>
            $"{origin.Topic} takes no replays: only {Input.Name} is written from {Topic}",
        _ when Input.ReplayInto == ReplayTarget.Never =>
            $"{Input.Name} takes no replays; {string.Join(" and ", Input.Writers)} writes it anew",
        _ when letter.Key is [(byte)'$', ..] =>
            "its key begins with $: alloc policy, catalogue, mode and authority write those, to every partition",
        { } origin when origin.Partition >= InputPartitionCount =>
            $"{Input.Name} has no partition {origin.Partition}",
        _ => null,
    };
}

/// <summary>The dead-letter topics of a deployment.</summary>
internal static class LetterTopics
{
    /// <summary>Those of the catalogue that Kafka has.</summary>
    public static IReadOnlyList<LetterTopic> Present(AllocClientOptions settings, KafkaClients clients)
    {
        using var admin = clients.Admin();
        var there = admin.GetMetadata(settings.Timeout).Topics
            .Where(t => !t.Error.IsError && t.Partitions.Count > 0)
            .ToDictionary(t => t.Topic, t => t.Partitions.Count, StringComparer.Ordinal);
        return [.. TopicCatalogue.Load().WithPrefix(settings.TopicPrefix).Topics
            .Where(t => t.DeadLetterTopic is { } letters && there.ContainsKey(letters))
            .Select(t => new LetterTopic(
                t.DeadLetterTopic!, t, there[t.DeadLetterTopic!], there.GetValueOrDefault(t.Name)))];
    }

    /// <summary>The one that is meant: by its own name, or by its input's.</summary>
    /// <param name="settings">Where.</param>
    /// <param name="clients">Clients.</param>
    /// <param name="name">What was given, without the prefix.</param>
    /// <exception cref="AllocException">There is none.</exception>
    public static LetterTopic Find(AllocClientOptions settings, KafkaClients clients, string name)
    {
        var full = settings.TopicPrefix + name;
        var known = TopicCatalogue.Load().WithPrefix(settings.TopicPrefix).Topics
            .Where(t => t.DeadLetterTopic is not null).ToList();
        var present = Present(settings, clients);
        if (known.Find(t => t.DeadLetterTopic == full || t.Name == full) is not { } meant)
        {
            throw AllocException.NotFound(
                $"{full} is no dead-letter topic of alloc, and no input that has one.",
                $"There are: {string.Join(", ", known.Select(t => t.DeadLetterTopic))}.");
        }
        return present.FirstOrDefault(p => p.Topic == meant.DeadLetterTopic) ?? throw AllocException.NotFound(
            $"There is no topic {meant.DeadLetterTopic} at {settings.Bootstrap}.", "alloc serve creates it.");
    }
}
