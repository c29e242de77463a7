using Alloc.Broker.Protocol;

namespace Alloc.Broker.Runtime;

/// <summary>What a test does to a request.</summary>
internal abstract record Interception
{
    /// <summary>Handles the request <paramref name="Duration"/> later.</summary>
    internal sealed record Delay(TimeSpan Duration) : Interception;

    /// <summary>Does not handle the request and never answers it.</summary>
    internal sealed record Drop : Interception;

    /// <summary>Handles the request but never answers it.</summary>
    internal sealed record DropAnswer : Interception;

    /// <summary>Does not handle the request and answers an error in all its places.</summary>
    internal sealed record Fail(ErrorCode Error) : Interception;

    /// <summary>Does not handle the request and closes the connection.</summary>
    internal sealed record Close : Interception;

    /// <summary>Handles the request and closes the connection instead of answering.</summary>
    internal sealed record CloseAfter : Interception;
}

/// <summary>Lets tests put faults into the broker. Called on the loop.</summary>
internal interface IInterceptor
{
    /// <summary>What happens to a whole request; null leaves it alone.</summary>
    Interception? OnRequest(ApiKey api, object request, string? clientId);

    /// <summary>Error for one partition of a Produce or Fetch request; <see cref="ErrorCode.None"/> leaves it
    /// alone.</summary>
    ErrorCode OnPartition(ApiKey api, string topic, int partition) => ErrorCode.None;
}
