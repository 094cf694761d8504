namespace Menuet;

/// <summary>
/// Many markets in play at once, one row for each agent. Buffers are the caller's, row-major; no method allocates, so that thousands of rows advance
/// in one call.
/// </summary>
/// <remarks>
/// <para>Rows of one environment stand together: environment e has the rows e·<see cref="Agents"/> to (e + 1)·<see cref="Agents"/> − 1.</para>
/// <para>The play of a row depends on the seed, its environment and its episode alone, never on how many rows there are or on threads.</para>
/// <para>One turn: <see cref="Observe"/>, <see cref="Advance"/>, if wanted <see cref="Observe"/> again (what an episode ended in), then
/// <see cref="Restart"/>.</para>
/// </remarks>
public interface IEnvironment
{
    /// <summary>Rows of every buffer: environments × agents.</summary>
    int Rows { get; }

    /// <summary>Agents of one environment; 1 unless several learn together.</summary>
    int Agents { get; }

    /// <summary>Numbers a row observes.</summary>
    int ObservationSize { get; }

    /// <summary>Numbers a row decides.</summary>
    int ActionSize { get; }

    /// <summary>Numbers that describe a whole environment, for a critic that sees everything; 0 when there is no such description.</summary>
    int StateSize { get; }

    /// <summary>Starts every row over at its first episode.</summary>
    /// <param name="seed">Of every draw to come.</param>
    void Reset(ulong seed);

    /// <summary>What the rows see now.</summary>
    /// <param name="observations">Filled; [Rows, ObservationSize], each entry scaled to about [-1, 1].</param>
    void Observe(Span<float> observations);

    /// <summary>What describes the environments now.</summary>
    /// <param name="states">Filled; [Rows / Agents, StateSize], each entry scaled to about [-1, 1].</param>
    void Describe(Span<float> states);

    /// <summary>Plays one step in every row.</summary>
    /// <param name="actions">[Rows, ActionSize], any finite numbers; decoded here and nowhere else: what lies outside [-1, 1] is clamped, never an error.</param>
    /// <param name="rewards">Filled; [Rows].</param>
    /// <param name="statuses">Filled; [Rows]; the agents of one environment end together.</param>
    void Advance(ReadOnlySpan<float> actions, Span<float> rewards, Span<Status> statuses);

    /// <summary>Starts the next episode in every row that ended in the last <see cref="Advance"/>; the others go on.</summary>
    void Restart();

    /// <summary>Writes everything that the future depends on.</summary>
    void Write(BinaryWriter writer);

    /// <summary>Reads what <see cref="Write"/> wrote; play goes on with the same bits.</summary>
    void Read(BinaryReader reader);
}

/// <summary>Whether an episode goes on.</summary>
public enum Status : byte
{
    /// <summary>It does.</summary>
    Running,

    /// <summary>It ended: nothing comes after, so the value of the future is 0.</summary>
    Terminated,

    /// <summary>It was cut off: the future has a value that the learner must estimate.</summary>
    Truncated,
}
