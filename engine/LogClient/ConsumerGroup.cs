namespace Alloc.Engine.LogClient;

/// <summary>A consumer group as its coordinator describes it.</summary>
/// <param name="Name">The group.</param>
/// <param name="State">
/// The coordinator's word: <c>Stable</c>, <c>Empty</c>, <c>PreparingRebalance</c>, <c>CompletingRebalance</c>; for
/// groups of KIP-848 also <c>Assigning</c> and <c>Reconciling</c>. Empty where it does not tell.
/// </param>
/// <param name="Assignor">What gives out partitions, or empty.</param>
/// <param name="Members">Its members.</param>
/// <param name="Committed">
/// Its committed offsets, those pending in a transaction left out; null where they are not told.
/// </param>
/// <param name="Problem">What was not told and why, in words, or null.</param>
public sealed record ConsumerGroup(
    string Name, string State, string Assignor, IReadOnlyList<ConsumerGroupMember> Members,
    IReadOnlyDictionary<TopicPartition, long>? Committed, string? Problem)
{
    /// <summary>
    /// Whether its members are told. Who is asked in the older way calls a group of KIP-848 dead, whoever is in it.
    /// </summary>
    public bool AreMembersTold => State is not ("Dead" or "");

    /// <summary>Whether partitions are being given out anew.</summary>
    public bool IsMoving => State is "PreparingRebalance" or "CompletingRebalance" or "Assigning" or "Reconciling";
}

/// <summary>A member of a group.</summary>
/// <param name="Id">The member's id.</param>
/// <param name="ClientId">What the client calls itself.</param>
/// <param name="Host">Where it connects from.</param>
/// <param name="Partitions">What it was given.</param>
/// <param name="Topics">What it subscribes to; empty where that is not told.</param>
public sealed record ConsumerGroupMember(
    string Id, string ClientId, string Host, IReadOnlyList<TopicPartition> Partitions, IReadOnlyList<string> Topics)
{
    /// <summary>A member as the consumer protocol describes it.</summary>
    /// <param name="id">The member's id.</param>
    /// <param name="clientId">What the client calls itself.</param>
    /// <param name="host">Where it connects from.</param>
    /// <param name="subscription">
    /// Version int16, then [topic string16], then more (ConsumerProtocolSubscription). Damage ends the list: what a
    /// member says of itself is no reason to give the group up.
    /// </param>
    /// <param name="assignment">
    /// Version int16, then [topic string16, [partition int32]], then more (ConsumerProtocolAssignment); likewise.
    /// </param>
    public static ConsumerGroupMember Read(
        string id, string clientId, string host, byte[] subscription, byte[] assignment) =>
        new(id, clientId, host, KafkaLogAdmin.ReadAssignment(assignment), ReadTopics(subscription));

    private static List<string> ReadTopics(byte[] subscription)
    {
        var topics = new List<string>();
        try
        {
            var buffer = new WireBuffer(subscription);
            buffer.ReadInt16();
            for (var left = buffer.ReadOldCount(); left > 0; left--)
            {
                topics.Add(buffer.ReadOldText() ?? "");
            }
        }
        catch (InvalidDataException)
        {
            return topics;
        }
        return topics;
    }
}

/// <summary>The groups that one broker coordinates.</summary>
/// <param name="Groups">The groups, by name.</param>
/// <param name="Beyond">How many more there are than were wanted.</param>
public sealed record CoordinatedGroups(IReadOnlyList<ConsumerGroup> Groups, int Beyond);
