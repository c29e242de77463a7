using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>
/// One API: how its request is read (on the connection's side) and what is done with it (on the loop). The versions
/// that are served stand in <see cref="ApiTable"/> only.
/// </summary>
internal abstract class Api
{
    /// <summary>Reads a request; on the connection's side, so it must not touch the broker's state.</summary>
    /// <exception cref="ProtocolException">The bytes are not such a request; the connection is closed.</exception>
    public abstract object ReadRequest(ref KafkaReader reader);

    /// <summary>
    /// Does the part of a request's work that takes time and no state; on the connection's side, after
    /// <see cref="ReadRequest"/>. Of the broker it may use only what any thread may.
    /// </summary>
    public virtual void PrepareRequest(object request, BrokerCore broker)
    {
    }

    /// <summary>Handles a request that <see cref="ReadRequest"/> returned; on the loop.</summary>
    public abstract void HandleRequest(object request, Exchange exchange, BrokerCore broker);

    /// <summary>
    /// The answer that carries <paramref name="error"/> in all its places, for the tests' interceptor; null if this API
    /// has no such answer.
    /// </summary>
    public virtual IResponse? Refuse(object request, ErrorCode error) => null;
}

/// <summary>An <see cref="Api"/> with its type of request.</summary>
internal abstract class Api<TRequest> : Api
    where TRequest : class
{
    /// <inheritdoc/>
    public sealed override object ReadRequest(ref KafkaReader reader) => Read(ref reader);

    /// <inheritdoc/>
    public sealed override void PrepareRequest(object request, BrokerCore broker) =>
        Prepare((TRequest)request, broker);

    /// <inheritdoc/>
    public sealed override void HandleRequest(object request, Exchange exchange, BrokerCore broker) =>
        Handle((TRequest)request, exchange, broker);

    /// <inheritdoc/>
    public sealed override IResponse? Refuse(object request, ErrorCode error) => Refuse((TRequest)request, error);

    /// <inheritdoc cref="Api.ReadRequest"/>
    protected abstract TRequest Read(ref KafkaReader reader);

    /// <inheritdoc cref="Api.PrepareRequest"/>
    protected virtual void Prepare(TRequest request, BrokerCore broker)
    {
    }

    /// <inheritdoc cref="Api.HandleRequest"/>
    protected abstract void Handle(TRequest request, Exchange exchange, BrokerCore broker);

    /// <inheritdoc cref="Api.Refuse"/>
    protected virtual IResponse? Refuse(TRequest request, ErrorCode error) => null;
}
