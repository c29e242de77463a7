namespace Alloc.Broker.Groups;

/// <summary>One member of a group in memory.</summary>
internal sealed class GroupMember
{
    public required string MemberId { get; set; }

    public string? GroupInstanceId { get; init; }

    public bool IsStatic => GroupInstanceId is not null;

    public required string ClientId { get; set; }

    public required string ClientHost { get; set; }

    public required int SessionTimeoutMs { get; set; }

    public required int RebalanceTimeoutMs { get; set; }

    /// <summary>What the member offers, in its order of preference.</summary>
    public required IReadOnlyList<GroupProtocol> Protocols { get; set; }

    public byte[] Assignment { get; set; } = [];

    /// <summary>When silence ends the membership; not while an answer is owed to the member.</summary>
    public long SessionDeadlineMs { get; private set; }

    /// <summary>The answer owed to a member that joins.</summary>
    public Action<JoinGroupResponse>? AwaitingJoin { get; set; }

    /// <summary>The answer owed to a member that waits for its assignment.</summary>
    public Action<SyncGroupResponse>? AwaitingSync { get; set; }

    /// <summary>False between the answer to a join and the member's sync of that generation.</summary>
    public bool HasSynced { get; set; } = true;

    public bool IsOwedAnAnswer => AwaitingJoin is not null || AwaitingSync is not null;

    public void Heard(long nowMs) => SessionDeadlineMs = nowMs + SessionTimeoutMs;

    public byte[] MetadataOf(string protocol)
    {
        foreach (var offered in Protocols)
        {
            if (offered.Name == protocol)
            {
                return offered.Metadata;
            }
        }

        return [];
    }

    public bool Offers(IReadOnlyList<GroupProtocol> protocols)
    {
        if (protocols.Count != Protocols.Count)
        {
            return false;
        }

        for (var i = 0; i < protocols.Count; i++)
        {
            if (protocols[i].Name != Protocols[i].Name ||
                !protocols[i].Metadata.AsSpan().SequenceEqual(Protocols[i].Metadata))
            {
                return false;
            }
        }

        return true;
    }

    public void AnswerJoin(JoinGroupResponse response)
    {
        var answer = AwaitingJoin;
        AwaitingJoin = null;
        answer?.Invoke(response);
    }

    public void AnswerSync(SyncGroupResponse response)
    {
        var answer = AwaitingSync;
        AwaitingSync = null;
        answer?.Invoke(response);
    }
}
