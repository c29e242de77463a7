namespace Alloc.Broker;

/// <summary>
/// The broker cannot start. The message says why and what to do about it, in words for whoever typed the command.
/// </summary>
public sealed class BrokerStartException : Exception
{
    /// <param name="message">What is wrong, and the remedy.</param>
    public BrokerStartException(string message)
        : base(message)
    {
    }

    /// <param name="message">What is wrong, and the remedy.</param>
    /// <param name="inner">Where it was found.</param>
    public BrokerStartException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}
