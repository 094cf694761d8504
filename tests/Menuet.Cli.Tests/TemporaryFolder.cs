namespace Menuet.Cli.Tests;

/// <summary>A folder that goes when the test ends.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("menuet-");

    public void Dispose() => folder.Delete(recursive: true);

    internal string File(string name) => Path.Combine(folder.FullName, name);

    internal string Write(string name, string content)
    {
        System.IO.File.WriteAllText(File(name), content);
        return File(name);
    }

    internal string[] Names() => [.. folder.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal)];
}
