using Alloc.Broker.Protocol;

namespace Alloc.Broker.Groups;

/// <summary>
/// The rules by which members join, sync, heartbeat and leave: Kafka's classic group protocol without an initial delay,
/// with member ids asked for first (KIP-394) and static members (KIP-345).
/// </summary>
/// <remarks>
/// Empty → PreparingRebalance → CompletingRebalance → Stable, and back to PreparingRebalance whenever the members
/// change. Answers to JoinGroup and SyncGroup may wait for other members; time only moves in <see cref="Tick"/>.
/// </remarks>
/// <param name="limits">Bounds on what members may ask for.</param>
/// <param name="newMemberId">Makes an id that was never used, from the client's name for itself.</param>
/// <param name="persist">Makes the group survive a restart; called when its assignments are known or it became
/// empty.</param>
internal sealed class GroupMembership(GroupLimits limits, Func<string, string> newMemberId, Action<Group> persist)
{
    public void Join(Group group, JoinGroupRequest request, long nowMs, Action<JoinGroupResponse> reply)
    {
        if (request.SessionTimeoutMs < limits.MinimumSessionTimeoutMs ||
            request.SessionTimeoutMs > limits.MaximumSessionTimeoutMs)
        {
            reply(JoinGroupResponse.Failed(ErrorCode.InvalidSessionTimeout, request.MemberId));
        }
        else if (!group.Supports(request.ProtocolType, request.Protocols))
        {
            reply(JoinGroupResponse.Failed(ErrorCode.InconsistentGroupProtocol, request.MemberId));
        }
        else if (request.MemberId.Length == 0)
        {
            JoinWithoutId(group, request, nowMs, reply);
        }
        else if (request.GroupInstanceId is null && group.PendingMembers.ContainsKey(request.MemberId))
        {
            AddMember(group, request, request.MemberId, nowMs, reply);
        }
        else if (group.CheckMember(request.MemberId, request.GroupInstanceId) is var error && error != ErrorCode.None)
        {
            reply(JoinGroupResponse.Failed(error, request.MemberId));
        }
        else
        {
            JoinAgain(group, group.Find(request.MemberId)!, request, nowMs, reply);
        }
    }

    public void Sync(Group group, SyncGroupRequest request, long nowMs, Action<SyncGroupResponse> reply)
    {
        var error = CheckGeneration(group, request.GenerationId, request.MemberId, request.GroupInstanceId);
        if (error == ErrorCode.None)
        {
            error = !IsOfThisGeneration(group, request) ? ErrorCode.InconsistentGroupProtocol
                : group.State == GroupState.PreparingRebalance ? ErrorCode.RebalanceInProgress
                : ErrorCode.None;
        }

        if (error != ErrorCode.None)
        {
            reply(SyncGroupResponse.Failed(error));
            return;
        }

        var member = group.Find(request.MemberId)!;
        member.Heard(nowMs);
        if (group.State == GroupState.CompletingRebalance)
        {
            if (group.LeaderId != member.MemberId)
            {
                member.AnswerSync(SyncGroupResponse.Failed(ErrorCode.RebalanceInProgress));
                member.HasSynced = true;
                member.AwaitingSync = reply;
                return;
            }

            Assign(group, request.Assignments, nowMs);
        }

        member.HasSynced = true;
        reply(AssignmentOf(group, member));
        if (group.Members.All(m => m.HasSynced))
        {
            group.SyncDeadlineMs = long.MaxValue;
        }
    }

    public static ErrorCode Heartbeat(Group group, HeartbeatRequest request, long nowMs)
    {
        var error = CheckGeneration(group, request.GenerationId, request.MemberId, request.GroupInstanceId);
        if (error != ErrorCode.None)
        {
            return error;
        }

        group.Find(request.MemberId)!.Heard(nowMs);
        return group.State == GroupState.PreparingRebalance ? ErrorCode.RebalanceInProgress : ErrorCode.None;
    }

    /// <summary>Removes members that leave or that an operator removes; each gets an error of its own.</summary>
    public IReadOnlyList<LeftMember> Leave(Group group, IReadOnlyList<LeavingMember> leaving, long nowMs)
    {
        var left = new List<LeftMember>(leaving.Count);
        var leavers = new List<GroupMember>();
        foreach (var (memberId, instanceId) in leaving)
        {
            var member = instanceId is null ? group.Find(memberId) : group.FindStatic(instanceId);
            var error = ErrorCode.None;
            if (member is null)
            {
                var wasPending = instanceId is null && group.PendingMembers.Remove(memberId);
                error = wasPending ? ErrorCode.None : ErrorCode.UnknownMemberId;
            }
            else if (instanceId is not null && memberId.Length > 0 && member.MemberId != memberId)
            {
                error = ErrorCode.FencedInstanceId;
            }
            else
            {
                leavers.Add(member);
            }

            left.Add(new LeftMember(memberId, instanceId, error));
        }

        Remove(group, leavers, nowMs);
        return left;
    }

    /// <summary>Lets time pass: sessions end, and rebalances go on without those who did not come.</summary>
    public void Tick(Group group, long nowMs)
    {
        foreach (var (memberId, deadlineMs) in group.PendingMembers)
        {
            if (nowMs >= deadlineMs)
            {
                group.PendingMembers.Remove(memberId);
            }
        }

        var silent = group.Members.Where(m => !m.IsOwedAnAnswer && nowMs >= m.SessionDeadlineMs);
        var unsynced = nowMs >= group.SyncDeadlineMs ? group.Members.Where(m => !m.HasSynced) : [];
        Remove(group, [.. silent.Union(unsynced)], nowMs);
        if (group.State == GroupState.PreparingRebalance && nowMs >= group.JoinDeadlineMs)
        {
            CompleteJoin(group, nowMs);
        }
    }

    private static ErrorCode CheckGeneration(Group group, int generationId, string memberId, string? instanceId)
    {
        var error = group.CheckMember(memberId, instanceId);
        return error == ErrorCode.None && generationId != group.GenerationId ? ErrorCode.IllegalGeneration : error;
    }

    private static JoinGroupResponse ThisGeneration(Group group, GroupMember member) => new(
        ErrorCode.None, group.GenerationId, group.ProtocolName, group.LeaderId ?? "", member.MemberId,
        member.MemberId == group.LeaderId ? group.JoinedMembers() : [])
    {
        ProtocolType = group.ProtocolType,
    };

    private static SyncGroupResponse AssignmentOf(Group group, GroupMember member) =>
        new(ErrorCode.None, member.Assignment, group.ProtocolType, group.ProtocolName);

    /// <summary>Whether a member speaks of the type and assignor that the generation has (KIP-559).</summary>
    private static bool IsOfThisGeneration(Group group, SyncGroupRequest request) =>
        (request.ProtocolType is null || request.ProtocolType == group.ProtocolType) &&
        (request.ProtocolName is null || request.ProtocolName == group.ProtocolName);

    private static void Update(GroupMember member, JoinGroupRequest request)
    {
        member.Protocols = request.Protocols;
        member.SessionTimeoutMs = request.SessionTimeoutMs;
        member.RebalanceTimeoutMs = request.RebalanceTimeoutMs;
        member.ClientId = request.ClientId;
        member.ClientHost = request.ClientHost;
    }

    private void JoinWithoutId(Group group, JoinGroupRequest request, long nowMs, Action<JoinGroupResponse> reply)
    {
        if (request.GroupInstanceId is { } instanceId && group.FindStatic(instanceId) is { } returning)
        {
            Return(group, returning, request, nowMs, reply);
        }
        else if (group.MemberCount + group.PendingMembers.Count >= limits.MaximumGroupSize)
        {
            reply(JoinGroupResponse.Failed(ErrorCode.GroupMaxSizeReached, ""));
        }
        else
        {
            var memberId = newMemberId(request.GroupInstanceId ?? request.ClientId);
            if (request.RequiresMemberId && request.GroupInstanceId is null)
            {
                group.PendingMembers[memberId] = nowMs + request.SessionTimeoutMs;
                reply(JoinGroupResponse.Failed(ErrorCode.MemberIdRequired, memberId));
            }
            else
            {
                AddMember(group, request, memberId, nowMs, reply);
            }
        }
    }

    private void AddMember(
        Group group, JoinGroupRequest request, string memberId, long nowMs, Action<JoinGroupResponse> reply)
    {
        if (group.MemberCount == 0)
        {
            group.ProtocolType = request.ProtocolType;
        }

        group.Add(new GroupMember
        {
            MemberId = memberId,
            GroupInstanceId = request.GroupInstanceId,
            ClientId = request.ClientId,
            ClientHost = request.ClientHost,
            SessionTimeoutMs = request.SessionTimeoutMs,
            RebalanceTimeoutMs = request.RebalanceTimeoutMs,
            Protocols = request.Protocols,
            AwaitingJoin = reply,
        });
        Rebalance(group, nowMs);
    }

    private void JoinAgain(
        Group group, GroupMember member, JoinGroupRequest request, long nowMs, Action<JoinGroupResponse> reply)
    {
        // A repeated request of the generation that is being formed is answered again; in a stable group the leader's
        // request means that it wants to assign anew.
        var isRepeat = member.Offers(request.Protocols) && group.State switch
        {
            GroupState.CompletingRebalance => true,
            GroupState.Stable => group.LeaderId != member.MemberId,
            _ => false,
        };
        if (isRepeat)
        {
            member.Heard(nowMs);
            reply(ThisGeneration(group, member));
            return;
        }

        Rejoin(group, member, request, nowMs, reply);
    }

    private void Rejoin(
        Group group, GroupMember member, JoinGroupRequest request, long nowMs, Action<JoinGroupResponse> reply)
    {
        member.AnswerJoin(JoinGroupResponse.Failed(ErrorCode.RebalanceInProgress, member.MemberId));
        Update(member, request);
        member.AwaitingJoin = reply;
        Rebalance(group, nowMs);
    }

    /// <summary>
    /// A static member came back under no id: it gets a new one, and who still uses the old one is fenced.
    /// </summary>
    private void Return(
        Group group, GroupMember member, JoinGroupRequest request, long nowMs, Action<JoinGroupResponse> reply)
    {
        var oldMemberId = member.MemberId;
        var oldLeaderId = group.LeaderId ?? "";
        member.AnswerJoin(JoinGroupResponse.Failed(ErrorCode.FencedInstanceId, oldMemberId));
        member.AnswerSync(SyncGroupResponse.Failed(ErrorCode.FencedInstanceId));
        group.Rename(member, newMemberId(member.GroupInstanceId!));
        Update(member, request);
        member.Heard(nowMs);
        if (group.State != GroupState.Stable || group.SelectProtocol() != group.ProtocolName)
        {
            Rejoin(group, member, request, nowMs, reply);
            return;
        }

        // The assignment stands, so nobody else notices. The old leader's id keeps a returning leader from assigning:
        // a stable group would not pass its assignment on.
        persist(group);
        reply(new JoinGroupResponse(
            ErrorCode.None, group.GenerationId, group.ProtocolName, oldLeaderId, member.MemberId, [])
        {
            ProtocolType = group.ProtocolType,
        });
    }

    private void Assign(Group group, IReadOnlyList<MemberAssignment> assignments, long nowMs)
    {
        foreach (var member in group.Members)
        {
            member.Assignment = [];
        }

        foreach (var (memberId, assignment) in assignments)
        {
            if (group.Find(memberId) is { } member)
            {
                member.Assignment = assignment;
            }
        }

        persist(group);
        group.State = GroupState.Stable;
        foreach (var member in group.Members)
        {
            if (member.AwaitingSync is not null)
            {
                member.Heard(nowMs);
                member.AnswerSync(AssignmentOf(group, member));
            }
        }
    }

    private void Remove(Group group, List<GroupMember> leavers, long nowMs)
    {
        foreach (var member in leavers)
        {
            group.Remove(member);
            member.AnswerJoin(JoinGroupResponse.Failed(ErrorCode.UnknownMemberId, member.MemberId));
            member.AnswerSync(SyncGroupResponse.Failed(ErrorCode.UnknownMemberId));
        }

        if (leavers.Count > 0)
        {
            Rebalance(group, nowMs);
        }
        else if (group.State == GroupState.PreparingRebalance && group.HasAllMembersJoined)
        {
            CompleteJoin(group, nowMs);
        }
    }

    private void Rebalance(Group group, long nowMs)
    {
        if (group.State != GroupState.PreparingRebalance)
        {
            foreach (var member in group.Members)
            {
                member.AnswerSync(SyncGroupResponse.Failed(ErrorCode.RebalanceInProgress));
            }

            group.State = GroupState.PreparingRebalance;
            group.JoinDeadlineMs = nowMs + group.RebalanceTimeoutMs;
            group.SyncDeadlineMs = long.MaxValue;
        }

        if (group.HasAllMembersJoined)
        {
            CompleteJoin(group, nowMs);
        }
    }

    private void CompleteJoin(Group group, long nowMs)
    {
        foreach (var absent in group.Members.Where(m => m.AwaitingJoin is null && !m.IsStatic).ToList())
        {
            group.Remove(absent);
        }

        if (group.MemberCount > 0 && !group.ElectJoinedLeader())
        {
            // Only static members that are away: they keep their place until their sessions end.
            group.JoinDeadlineMs = nowMs + group.RebalanceTimeoutMs;
            return;
        }

        group.GenerationId++;
        if (group.MemberCount == 0)
        {
            group.State = GroupState.Empty;
            group.ProtocolName = "";
            persist(group);
            return;
        }

        group.State = GroupState.CompletingRebalance;
        group.ProtocolName = group.SelectProtocol();
        group.SyncDeadlineMs = nowMs + group.RebalanceTimeoutMs;
        foreach (var member in group.Members)
        {
            if (member.AwaitingJoin is not null)
            {
                member.HasSynced = false;
                member.Heard(nowMs);
                member.AnswerJoin(ThisGeneration(group, member));
            }
        }
    }
}
