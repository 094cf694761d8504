namespace Menuet;

/// <summary>Observations to actions, without exploration.</summary>
public interface IPolicy
{
    /// <summary>Numbers a row observes.</summary>
    int ObservationSize { get; }

    /// <summary>Numbers a row decides.</summary>
    int ActionSize { get; }

    /// <summary>Decides for many rows.</summary>
    /// <param name="observations">[rows, ObservationSize].</param>
    /// <param name="actions">Filled; [rows, ActionSize], entries in [-1, 1].</param>
    /// <param name="rows">≥ 1.</param>
    void Act(ReadOnlySpan<float> observations, Span<float> actions, int rows);
}
