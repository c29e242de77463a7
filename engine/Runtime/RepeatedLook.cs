namespace Alloc.Engine.Runtime;

/// <summary>Looks at something again and again, on a thread of its own, until it is told to stop.</summary>
/// <param name="name">The thread's name.</param>
internal sealed class RepeatedLook(string name) : IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private Thread? thread;

    /// <summary>Looks from now on: for the first time when the interval is over.</summary>
    /// <param name="look">Looks once; throws nothing.</param>
    /// <param name="interval">How long it waits between two looks.</param>
    public void Start(Action look, TimeSpan interval)
    {
        thread = new Thread(() => Run(look, interval)) { Name = name, IsBackground = true };
        thread.Start();
    }

    /// <summary>Begins to stop.</summary>
    public void Stop() => stopping.Cancel();

    /// <summary>Stops, and waits for a look that is under way.</summary>
    public void Dispose()
    {
        Stop();
        thread?.Join();
        stopping.Dispose();
    }

    private void Run(Action look, TimeSpan interval)
    {
        while (!stopping.Token.WaitHandle.WaitOne(interval))
        {
            look();
        }
    }
}
