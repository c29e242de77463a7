using System.Globalization;
using System.Text;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>The directory of an application's state on this machine; one process uses it at a time.</summary>
/// <remarks>
/// Layout: <c>&lt;root&gt;/&lt;application id&gt;/&lt;task id&gt;</c>, and beside the tasks the lock and who holds it.
/// </remarks>
public sealed class StateDirectory : IDisposable
{
    private const string LockFileName = ".lock";
    private const string HolderFileName = ".holder";

    private readonly IDisposable held;

    private StateDirectory(string path, IDisposable held)
    {
        Path = path;
        this.held = held;
    }

    /// <summary>The application's directory.</summary>
    public string Path { get; }

    /// <summary>Takes an application's directory for this process, making it if need be.</summary>
    /// <exception cref="StateDirectoryLockedException">Another process holds it; the text names it.</exception>
    public static StateDirectory Take(IFileSystem files, string root, string applicationId)
    {
        var path = System.IO.Path.Combine(root, applicationId);
        files.CreateDirectory(path);
        var held = files.TryLock(System.IO.Path.Combine(path, LockFileName));
        var holderPath = System.IO.Path.Combine(path, HolderFileName);
        if (held is null)
        {
            var holder = files.FileExists(holderPath) ? files.ReadAllText(holderPath).Trim() : "of unknown id";
            throw new StateDirectoryLockedException(
                $"The state directory {path} is in use by process {holder}. Stop that process, or give this one "
                + "another directory.");
        }
        files.WriteAllBytes(
            holderPath, Encoding.UTF8.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
        return new StateDirectory(path, held);
    }

    /// <summary>The directory of a task.</summary>
    public string TaskPath(TaskId taskId) => System.IO.Path.Combine(Path, taskId.ToString());

    /// <summary>Lets another process have it.</summary>
    public void Dispose() => held.Dispose();
}
