using System.Text;

namespace Menuet.Tests;

/// <summary>Compares text with a committed file under Goldens; UPDATE_GOLDENS=1 writes the file instead.</summary>
internal static class Golden
{
    /// <param name="actual">The text as produced now.</param>
    /// <param name="path">Relative to the test project's Goldens folder, with forward slashes.</param>
    internal static void Matches(string actual, string path)
    {
        var file = Path.Combine([ProjectFolder(), "Goldens", .. path.Split('/')]);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDENS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
            return;
        }
        Assert.True(File.Exists(file), $"There is no golden {path}. Run the test with UPDATE_GOLDENS=1, read the new file and commit it.");
        var expected = File.ReadAllText(file);
        if (actual != expected)
            Assert.Fail($"{path} differs. If the change is meant, run with UPDATE_GOLDENS=1 and review the diff.\n{Difference(expected, actual)}");
    }

    /// <summary>The first differing lines, with what surrounds them: '-' as committed, '+' as produced.</summary>
    internal static string Difference(string expected, string actual)
    {
        var (old, now) = (expected.Split('\n'), actual.Split('\n'));
        var first = 0;
        while (first < old.Length && first < now.Length && old[first] == now[first])
            first++;
        var tail = 0;
        while (tail < old.Length - first && tail < now.Length - first && old[^(tail + 1)] == now[^(tail + 1)])
            tail++;
        var text = new StringBuilder();
        text.Append($"line {first + 1}:\n");
        foreach (var line in old[Math.Max(0, first - 2)..first])
            text.Append($"  {Clip(line)}\n");
        foreach (var line in old[first..(old.Length - tail)].Take(10))
            text.Append($"- {Clip(line)}\n");
        foreach (var line in now[first..(now.Length - tail)].Take(10))
            text.Append($"+ {Clip(line)}\n");
        return text.ToString();
    }

    private static string Clip(string line) => line.Length <= 300 ? line : line[..300] + "…";

    /// <summary>The nearest folder above the test binaries that holds a project file.</summary>
    private static string ProjectFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (folder.EnumerateFiles("*.csproj").Any())
                return folder.FullName;
        }
        throw new InvalidOperationException($"No project file above {AppContext.BaseDirectory}.");
    }
}
