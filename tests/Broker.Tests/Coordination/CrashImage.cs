using System.Text.RegularExpressions;

namespace Broker.Tests.Coordination;

/// <summary>
/// A broker's data directory as kill -9 would leave it at one moment: copied between two turns of the loop, which does
/// all the writing. A new broker starts on it while the old one goes on.
/// </summary>
internal sealed partial class CrashImage : IDisposable
{
    private CrashImage(string directory) => DataDirectory = directory;

    public string DataDirectory { get; }

    public static async Task<CrashImage> TakeAsync(TestBroker broker)
    {
        var image = new CrashImage(TestBroker.NewDirectory());
        await broker.Broker.Core.Loop.RunAsync(() =>
        {
            image.Copy(broker.Options.DataDirectory);
            return true;
        });
        return image;
    }

    /// <summary>Makes it look as if the machine had restarted since.</summary>
    public void PretendNewBoot()
    {
        var file = Path.Combine(DataDirectory, "broker.json");
        File.WriteAllText(file, BootId().Replace(File.ReadAllText(file), "$1another boot\""));
    }

    public Task<TestBroker> StartAsync() =>
        TestBroker.StartAsync(options => options with { DataDirectory = DataDirectory });

    public void Dispose() => Directory.Delete(DataDirectory, recursive: true);

    private void Copy(string from)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(DataDirectory, Path.GetRelativePath(from, file));
            if (Path.GetFileName(file) != "lock")
            {
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                using var source = new FileStream(
                    file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                using var sink = File.Create(target);
                source.CopyTo(sink);
            }
        }
    }

    [GeneratedRegex("(\"[Bb]ootId\"\\s*:\\s*\")[^\"]*\"")]
    private static partial Regex BootId();
}
