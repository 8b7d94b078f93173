package dev.weir.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a run has found, in the order in which it was found. One thread. */
final class Results {
    private final Map<Place, List<Double>> values = new LinkedHashMap<>();
    private final Map<String, List<String>> notes = new LinkedHashMap<>();
    private final Map<String, String> voided = new LinkedHashMap<>();

    private record Place(String cell, String point, String quantity, String peer) {}

    void add(String cell, String point, String quantity, String peer, double value) {
        values.computeIfAbsent(new Place(cell, point, quantity, peer), place -> new ArrayList<>())
                .add(value);
    }

    /** Something that a reader of the cell's figures has to know; the same is kept once. */
    void note(String cell, String text) {
        List<String> all = notes.computeIfAbsent(cell, name -> new ArrayList<>());
        if (!all.contains(text)) {
            all.add(text);
        }
    }

    /** The cell's figures are worth nothing: they are dropped. */
    void voidCell(String cell, String reason) {
        voided.put(cell, reason);
        values.keySet().removeIf(place -> place.cell().equals(cell));
    }

    List<Figure> figures() {
        return values.entrySet().stream()
                .map(entry -> new Figure(
                        entry.getKey().cell(),
                        entry.getKey().point(),
                        entry.getKey().quantity(),
                        entry.getKey().peer(),
                        entry.getValue()))
                .toList();
    }

    List<Figure> figures(String cell) {
        return figures().stream().filter(figure -> figure.cell().equals(cell)).toList();
    }

    /** What the rounds found, in their order; nothing if it was not measured. */
    List<Double> values(String cell, String point, String quantity, String peer) {
        return values.getOrDefault(new Place(cell, point, quantity, peer), List.of());
    }

    List<String> notes(String cell) {
        return notes.getOrDefault(cell, List.of());
    }

    /** Why the cell is void, if it is. */
    Optional<String> voidReason(String cell) {
        return Optional.ofNullable(voided.get(cell));
    }
}
