using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Alloc.Engine.Runtime;

/// <summary>
/// The state directory of an application, held by this process, with what outlives it: the topology that the state
/// belongs to and the instance's name.
/// </summary>
internal sealed class ApplicationDirectory : IDisposable
{
    private readonly StateDirectory directory;

    private ApplicationDirectory(StateDirectory directory, string instanceId)
    {
        this.directory = directory;
        InstanceId = instanceId;
    }

    /// <summary>The instance's name: given, or made at first start and kept.</summary>
    public string InstanceId { get; }

    /// <summary>Takes the directory for this process.</summary>
    /// <exception cref="StateDirectoryLockedException">Another process has it.</exception>
    /// <exception cref="StateTopologyMismatchException">It holds the state of another topology.</exception>
    public static ApplicationDirectory Take(IFileSystem files, StreamsOptions options, string topologyFingerprint)
    {
        var directory = StateDirectory.Take(files, options.StateDirectory, options.ApplicationId);
        try
        {
            CheckTopology(files, directory.Path, topologyFingerprint);
            return new ApplicationDirectory(directory, ReadInstanceId(files, directory.Path, options));
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Where a task keeps its state.</summary>
    public string TaskDirectory(TaskId id) => directory.TaskPath(id);

    public void Dispose() => directory.Dispose();

    private static void CheckTopology(IFileSystem files, string root, string fingerprint)
    {
        var file = Path.Combine(root, "topology");
        if (!files.FileExists(file))
        {
            files.WriteAllBytes(file, Encoding.ASCII.GetBytes(fingerprint));
            return;
        }
        var found = files.ReadAllText(file).Trim();
        if (found != fingerprint)
        {
            throw new StateTopologyMismatchException(
                $"The state directory {root} belongs to another topology ({found}; this one is {fingerprint}). Give "
                + "this one a state directory or an application id of its own, or remove the directory to restore the "
                + "state from the log.");
        }
    }

    private static string ReadInstanceId(IFileSystem files, string root, StreamsOptions options)
    {
        if (options.InstanceId is { } given)
        {
            return given;
        }
        var file = Path.Combine(root, "instance.id");
        if (files.FileExists(file))
        {
            return files.ReadAllText(file).Trim();
        }
        var made = options.NewInstanceId?.Invoke() ?? NameAfter(root);
        files.WriteAllBytes(file, Encoding.UTF8.GetBytes(made));
        return made;
    }

    private static string NameAfter(string root)
    {
        var place = Murmur2.Hash(Encoding.UTF8.GetBytes(Path.GetFullPath(root)));
        return $"{Environment.MachineName.ToLowerInvariant()}-{place:x8}";
    }
}
