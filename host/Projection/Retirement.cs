namespace Alloc.Host.Projection;

/// <summary>
/// What is left of a generation that another has taken over from is removed, step by step. A step that fails is told,
/// and is nobody else's business: least of all that of the generation which answers now.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="failed">Told which step failed, and why.</param>
internal sealed class Retirement(TimeProvider time, Action<string, string> failed)
{
    /// <summary>One step.</summary>
    /// <param name="Name">What it does, in words.</param>
    /// <param name="Pause">How long it comes after the step before.</param>
    /// <param name="RunAsync">Does it.</param>
    internal sealed record Step(string Name, TimeSpan Pause, Func<Task> RunAsync);

    /// <summary>Takes the steps one after the other, those after a failed one too.</summary>
    public async Task RunAsync(IReadOnlyList<Step> steps, CancellationToken cancellation)
    {
        foreach (var step in steps)
        {
            try
            {
                await Task.Delay(step.Pause, time, cancellation).ConfigureAwait(false);
                await step.RunAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                failed(step.Name, e.Message);
            }
        }
    }
}
