import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Collections;
import java.util.ArrayList;
import java.util.List;

/** Prints every row of every table of a database, {@code TABLE|VALUE|VALUE…}, in an order that depends on nothing else. */
public class DumpTables {
    public static void main(String[] args) throws SQLException {
        try (Connection connection = DriverManager.getConnection(args[0])) {
            List<String> rows = new ArrayList<>();
            for (String table : tables(connection.getMetaData())) {
                try (Statement statement = connection.createStatement();
                        ResultSet result = statement.executeQuery("SELECT * FROM \"" + table + '"')) {
                    int columns = result.getMetaData().getColumnCount();
                    while (result.next()) {
                        StringBuilder row = new StringBuilder(table);
                        for (int i = 1; i <= columns; i++) {
                            Object value = result.getObject(i);
                            row.append('|').append(value instanceof byte[] bytes ? Arrays.toString(bytes) : value);
                        }
                        rows.add(row.toString().replace("\n", "\\n"));
                    }
                }
            }
            Collections.sort(rows);
            rows.forEach(System.out::println);
        }
    }

    private static List<String> tables(DatabaseMetaData data) throws SQLException {
        List<String> names = new ArrayList<>();
        try (ResultSet tables = data.getTables(null, null, "%", new String[] {"TABLE", "PARTITIONED TABLE"})) {
            while (tables.next()) {
                String schema = tables.getString("TABLE_SCHEM");
                if (schema == null || schema.equals("public")) {
                    names.add(tables.getString("TABLE_NAME"));
                }
            }
        }
        return names;
    }
}
